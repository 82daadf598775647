import JobQueue
import JobWorker
import LibpqClient
import Logging

/// Workers of the product, with handlers that do nothing.
struct OngWorkers: Sendable {
  let stage: Stage
  let workers: [Worker]

  init(_ stage: Stage, _ registry: JobRegistry, maintains: Bool = true) {
    self.stage = stage
    workers = Self.make(
      stage.settings, queues: stage.queues, schema: stage.scratch.name,
      server: stage.scratch.configuration, pooler: stage.pooler, registry: registry,
      maintains: maintains, logger: stage.logger)
  }

  static func make(
    _ settings: BenchmarkSettings, queues: [String], schema: String,
    server: ConnectionConfiguration, pooler: ConnectionConfiguration?, registry: JobRegistry,
    maintains: Bool = true, logger: Logger
  ) -> [Worker] {
    let slots = max(1, settings.slots / queues.count)
    return (0..<settings.workers).map { number in
      // Behind a pooler one worker listens and maintains, as in an installation with many.
      let sessions = pooler != nil && number == 0 ? server : nil
      return Worker(
        configuration: pooler ?? server, registry: registry,
        settings: WorkerConfiguration(
          queues: Dictionary(uniqueKeysWithValues: queues.map { ($0, slots) }), schema: schema,
          largestClaim: settings.batch, maintains: maintains, sessions: sessions),
        logger: logger)
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
    let listening = stage.pooler == nil ? workers.count : 1
    try await patiently("the workers did not come to rest") {
      try await stage.sleepingWorkers() == listening
    }
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
