import Dispatch
import Foundation
import JobQueue
import LibpqClient
import Logging
import Synchronization

/// The child process that runs suspects, one after the other, and asks its worker for what handlers
/// want.
final class ChildRuntime: Sendable {
  private struct State {
    var task: Task<Void, Never>?
    var isStopped = false
    var asked = 0
    var questions: [Int: CheckedContinuation<ChildAnswer, Never>] = [:]
    var pool: ConnectionPool?
  }

  private let kinds: [String: RegisteredKind]
  private let logger: Logger
  private let channel: ChildChannel
  private let state = Mutex(State())

  /// Serves the worker at standard input until that is gone, and ends the process.
  static func run(_ registry: JobRegistry, _ logger: Logger) async {
    // Handlers may read standard input or start programs.
    let socket = fcntl(0, F_DUPFD_CLOEXEC, 3)
    let null = open("/dev/null", O_RDONLY)
    dup2(null, 0)
    close(null)
    signal(SIGTERM, SIG_IGN)
    signal(SIGINT, SIG_IGN)
    let runtime = ChildRuntime(registry, logger, ChildChannel(socket))
    await withUnsafeContinuation { (_: UnsafeContinuation<Void, Never>) in
      // It ends with the process, also while a handler hangs.
      DispatchQueue(label: "ong.worker-channel").async { runtime.listen() }
    }
  }

  private init(_ registry: JobRegistry, _ logger: Logger, _ channel: ChildChannel) {
    kinds = registry.runnable
    self.logger = logger
    self.channel = channel
  }

  private func listen() {
    while let order = channel.receive(ChildOrder.self) {
      switch order {
      case .run(let job):
        let task = Task { await run(job) }
        state.withLock { state in
          state.isStopped = false
          state.task = task
        }
      case .stop:
        let task = state.withLock { state in
          state.isStopped = true
          return state.task
        }
        task?.cancel()
      case .answer(let number, let answer):
        state.withLock { $0.questions.removeValue(forKey: number) }?.resume(returning: answer)
      }
    }
    // At once: handlers and their threads may be in the middle of something.
    _exit(0)
  }

  var isStopped: Bool { state.withLock { $0.isStopped } }

  func send(_ report: ChildReport) {
    // A worker that is gone is noticed by the reader.
    try? channel.send(report)
  }

  func ask(_ question: ChildQuestion) async -> ChildAnswer {
    await withCheckedContinuation { waiter in
      let number = state.withLock { state in
        state.asked += 1
        state.questions[state.asked] = waiter
        return state.asked
      }
      send(.ask(number, question))
    }
  }

  /// For transactions; one for all jobs, as they come one after the other.
  func pool(for job: SuspectJob) -> ConnectionPool {
    state.withLock { state in
      if let pool = state.pool { return pool }
      var configuration = ConnectionConfiguration(job.conninfo)
      configuration.searchPath = job.searchPath
      configuration.applicationName = "ong suspect"
      let pool = ConnectionPool(configuration, size: job.connections, logger: logger)
      state.pool = pool
      return pool
    }
  }

  private func run(_ job: SuspectJob) async {
    guard let kind = kinds[job.kind] else {
      return send(.ended(.park(kind: job.kind), isDecided: true))
    }
    do {
      let result = try await call(kind, job)
      send(.ended(result.map(JobOutcome.succeed), isDecided: false))
    } catch {
      let failure = Failure(
        error: error, attempt: job.attempt, options: kind.options, stop: .none)
      var generator = SystemRandomNumberGenerator()
      send(.ended(failure.outcome(using: &generator), isDecided: error is JobControl))
    }
  }

  private func call(_ kind: RegisteredKind, _ job: SuspectJob) async throws -> String? {
    let payload = PayloadBytes(json: job.payload)
    let context = context(kind, job)
    let thread = DispatchTaskExecutor.blocking(label: "ong.suspect", priority: .normal)
    return try await withTaskExecutorPreference(thread) {
      guard let batch = kind.batch else { return try await kind.run(payload, context) }
      return try await batch.run([.init(payload: payload, context: context)])[0].get()
    }
  }

  private func context(_ kind: RegisteredKind, _ job: SuspectJob) -> JobContext {
    var logger = logger
    logger[metadataKey: "queue"] = "\(job.queue)"
    logger[metadataKey: "kind"] = "\(job.kind)"
    return JobContext(
      id: job.id, attempt: job.attempt, crashes: job.crashes,
      enqueuedAt: Timestamp.date(from: job.enqueuedAt),
      run: JobRun(
        kind: kind.name, queue: job.queue, maxAttempts: kind.options.maxAttempts,
        logger: { [logger] in logger }, isCancelled: { [weak self] _ in self?.isStopped ?? true }),
      meta: job.meta.flatMap { JobMeta(PayloadBytes(json: $0)) },
      services: RemoteAttempt(runtime: self, job: job, kind: kind))
  }
}

/// A running job in the child process, as its context reaches the worker.
struct RemoteAttempt: AttemptServices {
  let runtime: ChildRuntime
  let job: SuspectJob
  let kind: RegisteredKind

  func transaction<T>(
    on own: ConnectionPool?, _ body: (Connection) async throws -> T
  ) async throws -> T {
    let transaction = JobTransaction(
      key: ClaimKey(lane: job.lane, seq: job.seq), id: job.id, sql: QueueSQL(schema: job.schema),
      control: RemoteCommit(runtime: runtime), encode: kind.result.encode)
    return try await transaction.run(on: own ?? runtime.pool(for: job), body)
  }

  func report(fraction: Double?, note: String?) {
    runtime.send(.progress(fraction: fraction, note: note))
  }

  func saveCheckpoint(_ json: String) async throws {
    if case .refused(let why) = await runtime.ask(.saveCheckpoint(json)) { throw why.error }
  }

  func loadCheckpoint() async throws -> String? {
    switch await runtime.ask(.loadCheckpoint) {
    case .value(let json): return json
    case .refused(let why): throw why.error
    default: return nil
    }
  }
}

/// A commit of a job in the child process, for which the worker keeps the account.
struct RemoteCommit: CommitControl {
  let runtime: ChildRuntime

  func begin() async throws -> WorkerIdentity {
    switch await runtime.ask(.beginCommit) {
    case .worker(let worker): return worker
    case .refused(let why): throw why.error
    default: throw JobTransactionError.refused("the worker did not understand")
    }
  }

  func end(_ fate: CommitFate) async { _ = await runtime.ask(.endCommit(fate)) }

  func decide(_ worker: WorkerIdentity) async -> CommitFate {
    if case .fate(let fate) = await runtime.ask(.decide(worker)) { fate } else { .lost }
  }
}
