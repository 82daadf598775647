import JobQueue
import JobWorker
import LibpqClient
import Synchronization

/// Workers of the product, with handlers that do nothing.
struct OngWorkers: Sendable {
  let stage: Stage
  let workers: [Worker]

  init(_ stage: Stage, _ registry: JobRegistry, maintains: Bool = true) {
    self.stage = stage
    let settings = stage.settings
    let slots = max(1, settings.slots / stage.queues.count)
    let (server, pooler) = (stage.scratch.configuration, stage.pooler)
    workers = (0..<settings.workers).map { number in
      // Behind a pooler one worker listens and maintains, as in an installation with many.
      let sessions = pooler != nil && number == 0 ? server : nil
      return Worker(
        configuration: pooler ?? server, registry: registry,
        settings: WorkerConfiguration(
          queues: Dictionary(uniqueKeysWithValues: stage.queues.map { ($0, slots) }),
          schema: stage.scratch.name,
          largestClaim: settings.batch, maintains: maintains, sessions: sessions),
        logger: stage.logger)
    }
  }

  /// Handlers as the settings ask for them.
  ///
  /// - Parameters:
  ///   - readsNumber: the handler wants its job's number, also from a payload that is not decoded.
  ///   - note: called by each handler with the number, or 0, and the job's id.
  static func registry(
    _ settings: BenchmarkSettings, readsNumber: Bool = false,
    note: @escaping @Sendable (_ number: Int64, _ id: Int64) -> Void
  ) -> JobRegistry {
    var registry = JobRegistry()
    if settings.batchHandler {
      registry.registerBatch(NoOp.self, upTo: settings.batch, within: .zero) { jobs in
        for job in jobs { note(job.payload.n, job.context.id) }
        return jobs.allSucceeded()
      }
    } else if settings.payload == .raw {
      registry.registerRaw(kind: NoOp.kind, options: NoOp.options) { payload, context in
        note(readsNumber ? try payload.withJSON(NoOp.number) : 0, context.id)
      }
    } else {
      registry.register(NoOp.self) { job, context in note(job.n, context.id) }
    }
    return registry
  }

  /// Starts the workers, runs `body`, and ends them.
  func running<T: Sendable>(_ body: @escaping @Sendable () async throws -> T) async throws -> T {
    try await withThrowingTaskGroup(of: T?.self) { group in
      for worker in workers {
        group.addTask {
          try await worker.run()
          return nil
        }
      }
      group.addTask {
        defer { for worker in workers { worker.shutDown() } }
        return try await body()
      }
      var value: T?
      for try await result in group { value = result ?? value }
      guard let value else { throw BenchmarkStalled(what: "the workers ended by themselves") }
      return value
    }
  }

  /// Suspends until all of them sleep, listening.
  func asleep() async throws {
    try await patiently("the workers did not come to rest", until: areAsleep)
  }

  private func areAsleep() async throws -> Bool {
    let answer = try await stage.connection.query(
      """
      select count(distinct l.pid) from pg_locks l join pg_stat_activity a using (pid)
      where l.locktype = 'advisory' and l.mode = 'ShareLock' and l.granted
        and a.datname = current_database() and a.application_name = 'ong worker listen'
      """)
    let listening = stage.pooler == nil ? workers.count : 1
    return try answer[0, 0].decode(Int64.self) == listening
  }

  var succeeded: Int { workers.reduce(0) { $0 + $1.totals.succeeded } }

  /// Suspends until so many jobs have succeeded and the server has taken all results.
  func settled(_ jobs: Int) async throws {
    try await done(jobs)
    for worker in workers { await worker.untilIdle() }
  }

  private func done(_ jobs: Int) async throws {
    do {
      try await patiently(
        "", every: .milliseconds(2), progress: { succeeded }, until: { succeeded >= jobs })
    } catch is BenchmarkStalled {
      throw BenchmarkStalled(
        what: "expected \(jobs) jobs to succeed, got: \(workers.map(\.totals))")
    }
  }

  /// Suspends until at least so many jobs have succeeded, with more of them waiting; then the queue is
  /// paused. Returns how many there were, and the look at the clock of that moment.
  func reached(_ jobs: Int) async throws -> (jobs: Int, at: Meter.Stopwatch) {
    try await done(jobs)
    let reached = (succeeded, stage.meter.stopwatch)
    try await stage.pause()
    for worker in workers { await worker.untilIdle() }
    return reached
  }
}

/// Waits for a condition as long as something moves.
///
/// - Parameter progress: gives up when this has not changed for a minute.
func patiently(
  _ failure: String, every pause: Duration = .milliseconds(5), progress: () -> Int = { 0 },
  until isMet: () async throws -> Bool
) async throws {
  var last = progress()
  var moved = ContinuousClock.now
  while try await !isMet() {
    try await Task.sleep(for: pause)
    let now = progress()
    if now != last { (last, moved) = (now, .now) }
    if .now - moved > .seconds(60) { throw BenchmarkStalled(what: failure) }
  }
}

/// Something did not come about within a minute.
public struct BenchmarkStalled: Error, Sendable, CustomStringConvertible {
  let what: String

  public var description: String { "the run stalled: \(what)" }
}
