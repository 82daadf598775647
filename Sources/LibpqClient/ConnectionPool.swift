import Dispatch
public import Logging
import Synchronization

/// A few connections shared by many tasks, first come, first served.
///
/// Connections are opened when they are needed and kept. Broken ones are replaced; while the server
/// is away, opening is tried again with capped, jittered pauses until the waiting task's deadline.
/// Only the very first failure, and one that only a changed setting can mend, is told at once.
public final class ConnectionPool: Sendable {
  private struct Shared {
    var state: PoolState<Connection>
    var backoff = Backoff(initial: .milliseconds(50), cap: .seconds(2))
    var nextWaiter = 0
    var waiters: [Int: CheckedContinuation<Connection, any Error>] = [:]
    var closers: [CheckedContinuation<Void, Never>] = []
  }

  public let configuration: ConnectionConfiguration
  private let acquireTimeout: Duration
  private let logger: Logger?
  private let shared: Mutex<Shared>

  /// - Parameters:
  ///   - size: the most connections at a time, at least 1. Default 8.
  ///   - acquireTimeout: how long a task may wait for a connection. Default 10 s.
  public init(
    _ configuration: ConnectionConfiguration, size: Int = 8,
    acquireTimeout: Duration = .seconds(10), logger: Logger? = nil
  ) {
    precondition(size >= 1, "expected the size of a pool to be at least 1, got: \(size)")
    self.configuration = configuration
    self.acquireTimeout = acquireTimeout
    self.logger = logger
    shared = Mutex(Shared(state: PoolState(size: size) { $0.isOpen }))
  }

  /// Lends a connection to `body`. Throws what the body throws; `DatabaseError` of kind `.timeout`
  /// when no connection came free in time, `.connection` when none could be opened.
  ///
  /// A connection that comes back broken or inside a transaction is closed, not reused.
  public func withConnection<T>(_ body: (Connection) async throws -> T) async throws -> T {
    let connection = try await acquire()
    defer { release(connection) }
    return try await body(connection)
  }

  /// Lends a connection with a transaction open, see `Connection.transaction`.
  public func withTransaction<T>(
    isolation: IsolationLevel = .readCommitted, _ body: (Connection) async throws -> T
  ) async throws -> T {
    try await withConnection { try await $0.transaction(isolation: isolation, body) }
  }

  /// One statement on any connection.
  @discardableResult
  public func query(
    _ sql: String, _ parameters: [any SQLParameter] = [], timeout: Duration? = nil
  ) async throws -> QueryResult {
    try await withConnection { try await $0.query(sql, parameters, timeout: timeout) }
  }

  /// Refuses new work, closes what is idle, and returns when the last borrowed connection is back
  /// and closed.
  public func close() async {
    await withCheckedContinuation { continuation in
      let actions = shared.withLock { shared in
        shared.closers.append(continuation)
        return shared.state.close()
      }
      perform(actions)
    }
  }

  private func acquire() async throws -> Connection {
    if !Task.isCancelled, let free = shared.withLock({ $0.state.takeIdle() }) { return free }
    let id = shared.withLock { shared in
      shared.nextWaiter += 1
      return shared.nextWaiter
    }
    return try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { continuation in
        let actions = shared.withLock { shared in
          shared.waiters[id] = continuation
          return shared.state.acquire(id)
        }
        perform(actions)
        setDeadline(id)
        // A cancellation that came before the waiter was in line found nobody to tell.
        if Task.isCancelled { giveUp(id) { _ in .cancelledInLine } }
      }
    } onCancel: {
      giveUp(id) { _ in .cancelledInLine }
    }
  }

  private func setDeadline(_ id: Int) {
    guard shared.withLock({ $0.waiters[id] != nil }) else { return }
    let limit = acquireTimeout
    DispatchQueue.global().asyncAfter(deadline: .now() + limit) { [weak self] in
      self?.giveUp(id) { .noConnection(within: limit, because: $0) }
    }
  }

  private func giveUp(_ id: Int, _ error: (DatabaseError?) -> DatabaseError) {
    let (waiter, reason) = shared.withLock { shared in
      let waiter = shared.state.gaveUp(id).flatMap { _ in shared.waiters.removeValue(forKey: id) }
      return (waiter, shared.state.reasonForWaiting)
    }
    waiter?.resume(throwing: error(reason))
  }

  private func release(_ connection: Connection) {
    let isReusable = connection.isOpen && connection.isOutsideTransaction
    if connection.isOpen && !isReusable {
      logger?.warning("a connection came back inside a transaction and was closed")
    }
    perform(shared.withLock { $0.state.released(connection, isReusable: isReusable) })
  }

  private func perform(_ actions: [PoolState<Connection>.Action]) {
    for action in actions {
      switch action {
      case .lease(let id, let connection):
        shared.withLock { $0.waiters.removeValue(forKey: id) }?.resume(returning: connection)
      case .fail(let id, let error):
        shared.withLock { $0.waiters.removeValue(forKey: id) }?.resume(throwing: error)
      case .open: Task { await open() }
      case .openLater: Task { await openLater() }
      case .close(let connection): Task { await connection.close() }
      case .drained: drained()
      }
    }
  }

  private func open() async {
    do {
      let connection = try await Connection.open(configuration, logger: logger)
      perform(
        shared.withLock { shared in
          shared.backoff.reset()
          return shared.state.opened(connection)
        })
    } catch {
      let failure = error as? DatabaseError ?? .lost("\(error)")
      logger?.debug("no connection to the database", metadata: ["reason": "\(failure)"])
      perform(shared.withLock { $0.state.openFailed(failure) })
    }
  }

  private func openLater() async {
    try? await Task.sleep(for: shared.withLock { $0.backoff.next() })
    let (isWanted, isDrained) = shared.withLock { shared in
      (shared.state.mayOpenAgain(), shared.state.isDrained)
    }
    if isWanted { await open() } else if isDrained { drained() }
  }

  private func drained() {
    let closers = shared.withLock { shared in
      defer { shared.closers = [] }
      return shared.closers
    }
    for closer in closers { closer.resume() }
  }
}

extension Connection {
  var isOutsideTransaction: Bool { core.transactionStatus.load(ordering: .acquiring) == 0 }
}

extension DatabaseError {
  fileprivate static let cancelledInLine = DatabaseError(
    .cancelled, "cancelled while it waited for a connection")

  fileprivate static func noConnection(
    within limit: Duration, because reason: DatabaseError?
  ) -> DatabaseError {
    guard var error = reason else {
      return DatabaseError(
        .timeout, "no connection of the pool came free within \(limit)",
        hint: "Hold connections for a shorter time, or make the pool larger")
    }
    error.message = "no connection within \(limit); last failure: \(error.message)"
    return error
  }
}
