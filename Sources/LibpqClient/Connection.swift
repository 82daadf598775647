import Dispatch
public import Logging
import Synchronization

/// One connection to PostgreSQL.
///
/// Statements run one after the other, in the order of the calls, on a serial Dispatch queue; no
/// thread waits for the network. Every operation ends: by its result, by its deadline (the server
/// is asked to cancel, and if it does not answer within `cancelGrace` the connection is given up),
/// or by the cancellation of its task. A broken connection stays broken: open another, or use a
/// `ConnectionPool`. Dropping the last reference closes it.
///
/// Unchecked: it holds only the core, which its own queue guards.
public final class Connection: @unchecked Sendable {
  let core: ConnectionCore

  private init(_ core: ConnectionCore) { self.core = core }

  deinit {
    let core = self.core
    core.queue.async { core.end(.closedByProgram) }
  }

  /// Connects without blocking a thread of Swift's pool.
  ///
  /// Throws `DatabaseError` of kind `.connection`, or `.timeout` when no host answers within
  /// `connectTimeout` each; its `hint` says what to do next where that is known.
  public static func open(
    _ configuration: ConnectionConfiguration, logger: Logger? = nil
  ) async throws -> Connection {
    let parameters = try ConnectionParameters(configuration)
    let core = ConnectionCore(configuration, logger: logger)
    let limit =
      (parameters.connectTimeout ?? configuration.connectTimeout) * parameters.hostCount
      + .milliseconds(500)
    try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { continuation in
        let once = ResumeOnce(continuation)
        core.connect(parameters) { error in once.resume(error) }
        // Beside the queue, because a name service that does not answer blocks it.
        DispatchQueue.global().asyncAfter(deadline: .now() + limit) {
          guard once.resume(.connectTimedOut(limit)) else { return }
          core.queue.async { core.end(.connectTimedOut(limit)) }
        }
      }
    } onCancel: {
      core.queue.async {
        if case .connecting = core.phase { core.end(.cancelledBeforeStart) }
      }
    }
    return Connection(core)
  }

  /// False once it broke or was closed. An idle connection learns of a closed peer at once, of a
  /// silent one by TCP keepalives.
  public var isOpen: Bool { core.isOpen.load(ordering: .acquiring) }

  /// The process that serves this connection, as in pg_stat_activity.
  public var backendProcessID: Int32 { core.backendProcessID.load(ordering: .acquiring) }

  /// Asks the server to cancel the statement that runs now; it ends with kind `.cancelled`.
  /// Never waits. Nothing happens when none runs.
  public func cancel() { core.cancelRunning() }

  /// Ends the connection. What still runs or waits fails with kind `.closed`.
  public func close() async {
    await withCheckedContinuation { continuation in
      core.queue.async { [core] in
        core.end(.closedByProgram)
        continuation.resume()
      }
    }
  }

  /// Calls once on the connection's queue when the connection has ended, at once if it has already.
  package func whenEnded(_ handler: @escaping @Sendable (DatabaseError) -> Void) {
    core.queue.async { [core] in
      if case .ended(let error) = core.phase { return handler(error) }
      core.whenEnded.append(handler)
    }
  }
}

extension DatabaseError {
  static let closedByProgram: DatabaseError = {
    var error = DatabaseError(.closed, "the connection was closed by this program")
    error.isConnectionLost = true
    return error
  }()

  static func connectTimedOut(_ limit: Duration) -> DatabaseError {
    var error = DatabaseError(
      .timeout, "no connection to the database within \(limit)",
      hint: "Check the address, the name service and the network in between")
    error.isConnectionLost = true
    error.isRetryable = true
    return error
  }
}

/// A continuation that several parties want to resume.
final class ResumeOnce: Sendable {
  private let continuation: Mutex<CheckedContinuation<Void, any Error>?>

  init(_ continuation: CheckedContinuation<Void, any Error>) {
    self.continuation = Mutex(continuation)
  }

  /// True for the first caller.
  @discardableResult
  func resume(_ error: DatabaseError?) -> Bool {
    let taken = continuation.withLock { held in
      defer { held = nil }
      return held
    }
    if let error { taken?.resume(throwing: error) } else { taken?.resume() }
    return taken != nil
  }
}
