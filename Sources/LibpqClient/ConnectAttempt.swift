import CLibpq
import Dispatch
import Synchronization

/// What an attempt to connect knows. Confined to the connection's queue.
final class ConnectAttempt {
  /// The hosts that are still to be tried, the current one first.
  var parameters: ConnectionParameters
  let timeout: Duration
  /// The host that the running time limit belongs to.
  var host = ""
  /// Counts the time limits, so that an outdated one is told from the current one.
  var limit = 0
  var lastFailure: DatabaseError?
  private var completion: (@Sendable (DatabaseError?) -> Void)?

  init(
    _ parameters: ConnectionParameters, timeout: Duration,
    completion: @escaping @Sendable (DatabaseError?) -> Void
  ) {
    self.parameters = parameters
    self.timeout = timeout
    self.completion = completion
  }

  func finish(_ result: Result<Void, DatabaseError>) {
    let completion = self.completion
    self.completion = nil
    switch result {
    case .success: completion?(nil)
    case .failure(let error): completion?(error)
    }
  }
}

extension ConnectionCore {
  /// From any thread, once. libpq may look up names meanwhile, which blocks this connection's own
  /// queue; the caller of `Connection.open` has a time limit beside it.
  func connect(
    _ parameters: ConnectionParameters, completion: @escaping @Sendable (DatabaseError?) -> Void
  ) {
    let timeout = parameters.connectTimeout ?? configuration.connectTimeout
    queue.async { [self] in
      if case .ended(let error) = phase { return completion(error) }
      attempt = ConnectAttempt(parameters, timeout: timeout, completion: completion)
      startConnecting()
    }
  }

  private func startConnecting() {
    guard let attempt else { return }
    connection = attempt.parameters.withKeywordsAndValues { keywords, values in
      PQconnectStartParams(keywords, values, 0)
    }
    guard let connection, PQstatus(connection) != CONNECTION_BAD else {
      return connectFailed()
    }
    notices.attach(to: connection)
    attempt.host = ""
    proceed(when: .writing)
  }

  /// Waits for libpq's socket, which may be another one after each step.
  private func proceed(when direction: SocketWatch.Direction) {
    connectStep?.cancel()
    limitHost()
    connectStep = SocketWatch.once(PQsocket(connection), for: direction, queue: queue) {
      [weak self] in
      self?.poll()
    }
    if connectStep == nil {
      end(.lost("no file descriptor is left to watch the socket"))
    }
  }

  private func poll() {
    guard case .connecting = phase, let attempt else { return }
    connectStep?.cancel()
    connectStep = nil
    switch PQconnectPoll(connection) {
    case PGRES_POLLING_READING: proceed(when: .reading)
    case PGRES_POLLING_WRITING: proceed(when: .writing)
    case PGRES_POLLING_OK: connected(attempt)
    default: connectFailed()
    }
  }

  /// libpq enforces `connect_timeout` only in its blocking calls, so it is done here, per host.
  private func limitHost() {
    guard let attempt else { return }
    let host = currentHost
    guard host != attempt.host else { return }
    attempt.host = host
    attempt.limit += 1
    let limit = attempt.limit
    queue.asyncAfter(deadline: .now() + attempt.timeout) { [weak self] in
      self?.hostTimedOut(limit)
    }
  }

  private var currentHost: String {
    let parts = [PQhost(connection), PQport(connection)].map {
      $0.map { String(cString: $0) } ?? ""
    }
    return parts.joined(separator: ":")
  }

  private func hostTimedOut(_ limit: Int) {
    guard case .connecting = phase, let attempt, attempt.limit == limit, let connection else {
      return
    }
    let host = attempt.host
    var error = DatabaseError(
      .timeout, "the server at \(host) did not answer within \(attempt.timeout)",
      hint: "Check the address and the network in between")
    error.isConnectionLost = true
    error.isRetryable = true
    attempt.lastFailure = error
    connectStep?.cancel()
    connectStep = nil
    let tried = attempt.parameters.position(ofHost: PQhost(connection), port: PQport(connection))
    PQfinish(connection)
    self.connection = nil
    guard let rest = attempt.parameters.dropping(hosts: tried + 1) else { return end(error) }
    attempt.parameters = rest
    startConnecting()
  }

  private func connectFailed() {
    var error = DatabaseError.connectFailed(connection)
    if let earlier = attempt?.lastFailure { error.message += "; \(earlier.message)" }
    end(error)
  }

  private func connected(_ attempt: ConnectAttempt) {
    guard PQsetnonblocking(connection, 1) == 0, let connection else { return connectFailed() }
    watch = SocketWatch(
      socket: PQsocket(connection), queue: queue,
      onReadable: { [weak self] in self?.readable() },
      onWritable: { [weak self] in self?.writable() })
    guard watch != nil else {
      return end(.lost("no file descriptor is left to watch the socket"))
    }
    if attempt.parameters.isByService {
      SocketTimeouts(configuration: configuration).apply(to: connection)
    }
    phase = .ready
    backendProcessID.store(PQbackendPID(connection), ordering: .releasing)
    isOpen.store(true, ordering: .releasing)
    self.attempt = nil
    attempt.finish(.success(()))
    startNext()
  }
}
