import CLibpq
import Dispatch
import Logging
import Synchronization

#if canImport(Glibc)
  import Glibc
#endif

/// One libpq connection and everything that happens to it.
///
/// Unchecked: all state is confined to `queue`, except the two atomics and what is marked
/// immutable. No method waits; libpq only ever gets a non-blocking socket.
final class ConnectionCore: @unchecked Sendable {
  enum Phase {
    case connecting
    case ready
    case ended(DatabaseError)
  }

  let queue: DispatchQueue
  let configuration: ConnectionConfiguration
  let logger: Logger?
  let isOpen = Atomic<Bool>(false)
  /// Last seen `PGTransactionStatusType`.
  let transactionStatus = Atomic<UInt32>(0)
  let backendProcessID = Atomic<Int32>(0)

  // Confined to `queue`:
  var phase = Phase.connecting
  var connection: OpaquePointer?
  var watch: SocketWatch?
  var connectStep: (any DispatchSourceProtocol)?
  var attempt: ConnectAttempt?
  var cancelHandle: CancelHandle?
  /// A cancel request is on its way. Nothing new starts until it is back, or it could hit that.
  var cancelHoldEnd: DispatchTime?
  var statements: StatementCache
  var waiting: [Operation] = []
  var running: Operation?
  /// Pipelines that were sent behind the running one, in this order; their answers follow.
  var following: [Operation] = []
  var listeners = Listeners()
  var whenEnded: [@Sendable (DatabaseError) -> Void] = []
  let notices: NoticeSink
  private var timer: (any DispatchSourceTimer)?
  private var timerFires: DispatchTime = .distantFuture

  init(_ configuration: ConnectionConfiguration, logger: Logger?) {
    self.configuration = configuration
    self.logger = logger
    // Behind a pooler the next transaction may meet another server process, which knows none of them.
    statements = StatementCache(capacity: configuration.pooling == .session ? 256 : 0)
    queue = DispatchQueue(label: "ong.libpq.connection")
    notices = NoticeSink(logger: logger)
  }

  // MARK: Operations in line

  /// From any thread.
  func submit(_ operation: Operation) {
    queue.async { [self] in enqueue(operation) }
  }

  /// From any thread but the queue's own, which is free but for moments.
  func submitNow(_ operation: Operation) {
    queue.sync { enqueue(operation) }
  }

  private func enqueue(_ operation: Operation) {
    if case .ended(let error) = phase { return operation.finish(error) }
    if operation.ticket.isCancelled { return operation.finish(.cancelledBeforeStart) }
    waiting.append(operation)
    setTimer(for: operation.deadline)
    startNext()
  }

  func startNext() {
    guard case .ready = phase, cancelHoldEnd == nil, !waiting.isEmpty else { return }
    if let running { return follow(running) }
    let operation = takeDeallocation() ?? waiting.removeFirst()
    if let error = unmetRequirement(of: operation) {
      operation.finish(error)
      return startNext()
    }
    running = operation
    setTimer(for: operation.alarm)
    start(operation)
  }

  /// Statements that fell out of the cache go in batches, when no transaction can fail by it.
  private func takeDeallocation() -> Operation? {
    guard statements.evicted.count >= 16, PQtransactionStatus(connection) == PQTRANS_IDLE else {
      return nil
    }
    let script = statements.takeEvicted().map { "DEALLOCATE \($0);" }.joined()
    return Operation(.script(script), timeout: configuration.queryTimeout) { _ in }
  }

  private func start(_ operation: Operation) {
    switch operation.work {
    case .pipeline: startPipeline(operation)
    case .script(let sql): startScript(operation, sql)
    case .copyIn(let copy): startScript(operation, copy.sql)
    }
  }

  private func unmetRequirement(of operation: Operation) -> DatabaseError? {
    let status = PQtransactionStatus(connection)
    switch operation.requirement {
    case .none: return nil
    case .noTransaction where status != PQTRANS_IDLE:
      return .misuse(
        "a transaction is open on this connection already; use it, or a savepoint in it")
    case .transaction where status == PQTRANS_IDLE:
      return .misuse("the transaction was ended by a statement inside of it")
    default: return nil
    }
  }

  /// Ends the running operation; the next one starts before the caller hears of it.
  func finishRunning(_ complete: (Operation) -> Void) {
    guard let operation = running else { return }
    running = nil
    transactionStatus.store(PQtransactionStatus(connection).rawValue, ordering: .releasing)
    startNext()
    complete(operation)
  }

  // MARK: The socket

  /// The server sends a long answer in pieces of this size, each as soon as it is full.
  private static let piece = 8192
  /// How long to let pieces gather: a thread woken for each costs more than reading it, here and in the
  /// server. At most so often at once.
  private static let gathering = (microseconds: UInt32(30), times: 40)

  func readable() {
    guard case .ready = phase else { return }
    for _ in 0..<Self.gathering.times {
      guard let watch, watch.available >= Self.piece else { break }
      usleep(Self.gathering.microseconds)
      consumeInput()
      guard case .ready = phase else { return }
    }
    consumeInput()
    // libdispatch tells of a hang-up once and then never again, even if there was still something
    // to read before the end of the stream: so it is read to the end now.
    while case .ready = phase, watch?.isHungUp == true { consumeInput() }
  }

  func writable() {
    guard case .ready = phase else { return }
    advance()
  }

  private func consumeInput() {
    // A TLS record can leave bytes in OpenSSL's buffer that the socket no longer announces.
    for _ in 0..<(PQsslInUse(connection) != 0 ? 3 : 1) where PQconsumeInput(connection) == 0 {
      return inputFailed()
    }
    advance()
  }

  /// Everything that can be done now without waiting.
  func advance() {
    guard case .ready = phase else { return }
    if let operation = running { advance(operation) }
    // Last, because libpq sees a notification only when the results before it are taken.
    if case .ready = phase { deliverNotifications() }
  }

  private func advance(_ operation: Operation) {
    switch operation.work {
    case .pipeline: advancePipeline(operation)
    case .script: advanceScript(operation)
    case .copyIn: advanceCopy(operation)
    }
  }

  /// Tries to send what libpq holds. Answers whether all of it went out; on a broken connection
  /// it ends the connection and answers false.
  func flush() -> Bool {
    let result = PQflush(connection)
    if result < 0 {
      inputFailed()
      return false
    }
    guard watch?.setWritableWanted(result == 1) == true else {
      end(.lost("no file descriptor is left to watch the socket for writing"))
      return false
    }
    return result == 0
  }

  /// The connection broke. What the server said before is still worth having.
  func inputFailed() {
    let error = DatabaseError.lost(connection: connection!)
    if let operation = running, case .pipeline = operation.work {
      receivePipelineResults(operation, onBrokenConnection: true)
    }
    guard case .ready = phase else { return }
    end(notices.lastFatal ?? error)
  }

  // MARK: Time

  /// One timer for all deadlines; it is only moved when it would fire too late.
  func setTimer(for time: DispatchTime) {
    guard time < timerFires else { return }
    if timer == nil {
      let source = DispatchSource.makeTimerSource(queue: queue)
      source.setEventHandler { [weak self] in self?.timerFired() }
      source.activate()
      timer = source
    }
    timerFires = time
    timer?.schedule(deadline: time, leeway: .milliseconds(2))
  }

  private func timerFired() {
    timerFires = .distantFuture
    if case .ended = phase { return }
    let now = DispatchTime.now()
    expireWaiting(now)
    checkAlarms(now)
    let next = waiting.map(\.deadline) + [running?.alarm, cancelHoldEnd].compactMap { $0 }
    if let next = next.min() { setTimer(for: next) }
  }

  private func expireWaiting(_ now: DispatchTime) {
    let expired = waiting.filter { $0.deadline <= now }
    guard !expired.isEmpty else { return }
    waiting.removeAll { $0.deadline <= now }
    for operation in expired {
      operation.finish(.timedOut(after: operation.timeout, "while it waited for its turn"))
    }
  }

  // MARK: The end

  /// Ends the connection, once. Everything unfinished fails with the error.
  func end(_ error: DatabaseError) {
    if case .ended = phase { return }
    phase = .ended(error)
    isOpen.store(false, ordering: .releasing)
    timer?.cancel()
    timer = nil
    connectStep?.cancel()
    connectStep = nil
    let unfinished = (running.map { [$0] } ?? []) + following + waiting
    (running, following, waiting) = (nil, [], [])
    disconnect()
    for operation in unfinished { operation.finish(error) }
    listeners.finish()
    for handler in whenEnded { handler(error) }
    whenEnded = []
    attempt?.finish(.failure(error))
    attempt = nil
  }

  /// The watched duplicates are closed first, then libpq lets go of the socket.
  private func disconnect() {
    cancelHandle = nil
    guard connection != nil else { return }
    guard let watch else { return finishConnection() }
    watch.cancel { self.finishConnection() }
    self.watch = nil
  }

  private func finishConnection() {
    PQfinish(connection)
    connection = nil
  }
}
