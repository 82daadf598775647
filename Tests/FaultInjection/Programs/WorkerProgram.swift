import Dispatch
import Foundation
import JobQueue
import JobWorker
import LibpqClient
import Logging
import QueueSchema

/// A worker process: `chaos worker CONNINFO JOURNALS SLOTS`. SIGTERM drains it; it ends at once when its
/// standard input does, so that none outlives the tool.
package enum WorkerProgram {
  /// The exit status where the schema is not this program's.
  static let schemaMismatch: Int32 = 65

  package static func run(_ arguments: [String]) async -> Int32 {
    FakeClock.awaitRightTime()
    guard arguments.count == 3, let slots = Int(arguments[2]) else { return 64 }
    guard let journal = try? Journal(in: arguments[1], role: "worker") else { return 64 }
    do {
      let logger = Logger(label: "worker") { StreamLogHandler.standardError(label: $0) }
      let configuration = patient(ConnectionConfiguration(arguments[0]))
      let registry = registry(journal)
      await Worker.runChildIfAsked(registry, logger: logger)
      ParentWatch.begin()
      let worker = Worker(
        configuration: configuration, registry: registry,
        settings: WorkerConfiguration(
          queues: ["steps": slots, "pays": slots], grace: .seconds(3),
          heartbeat: .milliseconds(500)),
        logger: logger)
      try await serve(worker)
      return 0
    } catch is SchemaMismatch {
      return schemaMismatch
    } catch {
      journal.end(error)
      return 1
    }
  }

  /// Works until SIGTERM has drained the worker.
  static func serve(_ worker: Worker) async throws {
    signal(SIGTERM, SIG_IGN)
    let signals = DispatchSource.makeSignalSource(signal: SIGTERM, queue: .global())
    signals.setEventHandler { worker.shutDown() }
    signals.resume()
    try await worker.run()
  }

  /// A peer that vanished is given up before a run of a minute is over.
  private static func patient(_ database: ConnectionConfiguration) -> ConnectionConfiguration {
    var configuration = database
    configuration.connectTimeout = .seconds(3)
    configuration.queryTimeout = .seconds(10)
    configuration.cancelGrace = .seconds(2)
    configuration.tcpUserTimeout = .seconds(10)
    return configuration
  }

  /// The chaos tool's own kinds.
  static func registry(_ journal: Journal) -> JobRegistry {
    var registry = JobRegistry()
    registry.register(Step.self) { step, context in
      journal.begin(context)
      try await Task.sleep(for: .milliseconds(step.milliseconds))
      if step.fails == true, context.attempt == 1 { throw StepFailed() }
    }
    registry.register(Pay.self) { pay, context in
      journal.begin(context)
      try await context.transaction { connection in
        try await connection.query("insert into public.effect (job) values ($1)", [context.id])
        try await Task.sleep(for: .milliseconds(pay.milliseconds))
      }
      journal.write("A \(monotonicNow()) \(context.id)")
    }
    return registry
  }
}

extension Journal {
  /// A handler begins.
  func begin(_ context: JobContext) {
    write("S \(monotonicNow()) \(context.id) \(context.attempt) \(context.crashes)")
  }

  /// The process ends by itself.
  func end(_ reason: any Error) {
    write("X \(reason)".replacingOccurrences(of: "\n", with: " "))
  }
}

/// Ends the process when its standard input ends: the tool holds the other end.
enum ParentWatch {
  static func begin() {
    Thread.detachNewThread {
      var byte: UInt8 = 0
      while true {
        let count = read(0, &byte, 1)
        if count == 0 || (count < 0 && errno != EINTR) { _exit(3) }
      }
    }
  }
}
