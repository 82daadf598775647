public import Foundation
public import JobQueue
public import LibpqClient
public import Logging
import Synchronization

/// Runs a handler in the calling task, without a worker, a queue or a database, and keeps what it did:
/// its progress, its checkpoint, whether it settled its own transaction.
///
///     let attempt = InlineAttempt(attempt: 2)
///     try await attempt.run(RenderReport(snapshot: 7))
///     #expect(attempt.progress.last?.note == "page 3 of 3")
public final class InlineAttempt: Sendable {
  /// What a handler has said of its progress.
  public struct Progress: Sendable, Hashable {
    /// 0…1; nil where it could not be told.
    public var fraction: Double?
    public var note: String?
  }

  private struct State {
    var progress: [Progress] = []
    var checkpoint: String?
    var isCancelled = false
    var isSettled = false
  }

  public let id: Int64
  public let attempt: Int
  public let crashes: Int
  public let enqueuedAt: Date
  private let pool: ConnectionPool?
  private let logger: Logger
  private let state = Mutex(State())

  /// - Parameters:
  ///   - id: the job's id.
  ///   - attempt: which attempt it is; the last one where it is the kind's `maxAttempts`.
  ///   - crashes: how often a worker was lost with the job.
  ///   - enqueuedAt: default: now.
  ///   - pool: where `JobContext.transaction` takes its connections from unless the handler names
  ///     another pool. Default: none; a transaction throws `JobTransactionError.noWorker` then.
  ///   - logger: default: logs nothing.
  public init(
    id: Int64 = 1, attempt: Int = 1, crashes: Int = 0, enqueuedAt: Date = Date(),
    pool: ConnectionPool? = nil, logger: Logger? = nil
  ) {
    self.id = id
    self.attempt = attempt
    self.crashes = crashes
    self.enqueuedAt = enqueuedAt
    self.pool = pool
    self.logger = logger ?? Logger(label: "inline") { _ in SwiftLogNoOpLogHandler() }
  }

  /// What the handler has reported, in order.
  public var progress: [Progress] { state.withLock { $0.progress } }
  /// The handler has committed its own transaction (`JobContext.transaction`): the job has succeeded.
  public var isSettled: Bool { state.withLock { $0.isSettled } }

  /// From now on the handler sees `JobContext.isCancelled`. To see what it does on cancellation of its
  /// task, cancel the task that runs it.
  public func cancel() { state.withLock { $0.isCancelled = true } }

  /// What the handler has kept last; nil if nothing.
  public func checkpoint<Value: Decodable>(as type: Value.Type) throws -> Value? {
    try state.withLock { $0.checkpoint }.map {
      try PayloadCoding.decode(type, from: Data($0.utf8))
    }
  }

  /// Gives the handler a checkpoint of an earlier attempt.
  public func setCheckpoint(_ value: some Encodable) throws {
    let json = try PayloadCoding.encode(value)
    state.withLock { $0.checkpoint = json }
  }

  /// Runs the job's handler with a payload that went through JSON, as in the database.
  ///
  /// - Returns: what the handler returns.
  /// - Throws: what the handler throws, such as a `JobControl`, and coding errors.
  @discardableResult
  public func run<J: Job>(_ job: J) async throws -> J.Output {
    try await run(job) { try await $0.run(in: $1) }
  }

  /// The same for a handler that stands apart from its payload.
  @discardableResult
  public func run<Payload: JobPayload, Output>(
    _ payload: Payload, handler: (Payload, JobContext) async throws -> Output
  ) async throws -> Output {
    let json = Data(try PayloadCoding.encode(payload).utf8)
    let reader = PayloadReader(Payload.self, version: Payload.version)
    let options = Payload.options
    return try await handler(try reader.read(json, queue: options.queue), context(Payload.self))
  }

  private func context<Payload: JobPayload>(_ type: Payload.Type) -> JobContext {
    let options = type.options
    return JobContext(
      id: id, attempt: attempt, crashes: crashes, enqueuedAt: enqueuedAt,
      run: JobRun(
        kind: type.kind, queue: options.queue, maxAttempts: options.maxAttempts,
        logger: { [logger] in logger },
        isCancelled: { [weak self] _ in self?.state.withLock { $0.isCancelled } ?? false }),
      services: self)
  }
}

extension InlineAttempt: AttemptServices {
  package func transaction<T>(
    on own: ConnectionPool?, _ body: (Connection) async throws -> T
  ) async throws -> T {
    guard let pool = own ?? pool else { throw JobTransactionError.noWorker }
    if isSettled { throw JobTransactionError.alreadySettled }
    let value = try await pool.withTransaction { try await body($0) }
    state.withLock { $0.isSettled = true }
    return value
  }

  package func report(fraction: Double?, note: String?) {
    state.withLock { $0.progress.append(Progress(fraction: fraction, note: note)) }
  }

  package func saveCheckpoint(_ json: String) async throws {
    state.withLock { $0.checkpoint = json }
  }

  package func loadCheckpoint() async throws -> String? { state.withLock { $0.checkpoint } }
}

/// Runs a job's handler in the calling task, as its first attempt, without a database. See
/// `InlineAttempt` for more.
@discardableResult
public func runInline<J: Job>(_ job: J) async throws -> J.Output {
  try await InlineAttempt().run(job)
}

extension TestQueue {
  /// Runs a job's handler in the calling task, with this database for its own transaction; nothing is
  /// enqueued and no worker runs.
  @discardableResult
  public func runInline<J: Job>(_ job: J, attempt: Int = 1) async throws -> J.Output {
    try await InlineAttempt(attempt: attempt, pool: pool).run(job)
  }
}
