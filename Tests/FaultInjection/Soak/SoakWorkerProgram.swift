import Dispatch
import Foundation
import JobQueue
import JobWorker
import LibpqClient
import Logging

/// A worker process of a soak: `soak worker CONNINFO JOURNALS SLOTS`. SIGTERM drains it, with a grace
/// that every handler keeps.
package enum SoakWorkerProgram {
  package static func run(_ arguments: [String]) async -> Int32 {
    guard arguments.count == 3, let slots = Int(arguments[2]) else { return 64 }
    guard let journal = try? Journal(in: arguments[1], role: "worker") else { return 64 }
    do {
      var logger = Logger(label: "worker") { StreamLogHandler.standardError(label: $0) }
      logger.logLevel = .error
      let registry = registry(journal)
      await Worker.runChildIfAsked(registry, logger: logger)
      ParentWatch.begin()
      let worker = Worker(
        configuration: ConnectionConfiguration(arguments[0]), registry: registry,
        settings: WorkerConfiguration(
          queues: Dictionary(uniqueKeysWithValues: SoakQueue.names.map { ($0, slots) }),
          grace: .seconds(10), heartbeat: .seconds(1)),
        logger: logger)
      try await WorkerProgram.serve(worker)
      return 0
    } catch {
      journal.end(error)
      return 1
    }
  }

  private static func registry(_ journal: Journal) -> JobRegistry {
    var registry = WorkerProgram.registry(journal)
    registry.add(Keyed.self, journal)
    registry.add(Limited.self, journal)
    registry.add(Unique.self, journal)
    for kind in [Flow.self, Tick.self] as [any SoakJob.Type] {
      registry.add(kind, journal) { journal.write("M \($0.id)") }
    }
    registry.register(Telling.self) { job, context -> Int in
      journal.begin(context)
      let before = try await context.checkpoint(as: Int.self) ?? 0
      context.report(progress: 0.5, "half")
      try await context.checkpoint(before + 1)
      try await Task.sleep(for: .milliseconds(job.milliseconds))
      return job.milliseconds
    }
    registry.register(Snoozing.self) { job, context in
      journal.begin(context)
      guard try await context.checkpoint(as: Bool.self) == nil else { return }
      try await context.checkpoint(true)
      journal.write("Z \(context.id)")
      throw JobControl.snooze(for: .milliseconds(500))
    }
    registry.registerBatch(Push.self, upTo: 50, within: .milliseconds(20)) { jobs in
      for job in jobs { journal.begin(job.context) }
      try await Task.sleep(for: .milliseconds(5))
      return jobs.map { _ in .succeeded }
    }
    return registry
  }
}

extension JobRegistry {
  /// A handler that takes its time.
  fileprivate mutating func add<Job: SoakJob>(
    _ type: Job.Type, _ journal: Journal,
    first: @escaping @Sendable (JobContext) -> Void = { _ in }
  ) {
    register(type) { job, context in
      first(context)
      journal.begin(context)
      try await Task.sleep(for: .milliseconds(job.milliseconds))
    }
  }
}
