import Dispatch
import Foundation
import JobQueue
import JobWorker
import LibpqClient
import Logging

/// A worker process for tests that kill, stop and cut off real processes.
///
///     crash-worker CONNINFO SLOTS
///
/// It runs jobs of kind `step` in queue `steps`: each writes a row into the table `effect`, waits, and
/// returns, or ends the process. Jobs of kind `pay` in queue `pays` write their row in the transaction
/// that settles them. SIGTERM shuts it down.
@main
enum CrashWorker {
  static func main() async throws {
    let arguments = CommandLine.arguments
    guard arguments.count == 3, let slots = Int(arguments[2]) else {
      print("usage: crash-worker CONNINFO SLOTS")
      exit(64)
    }
    var logger = Logger(label: "crash-worker")
    logger.logLevel = .error
    let configuration = ConnectionConfiguration(arguments[1])
    let pool = ConnectionPool(configuration, size: 4)
    var registry = JobRegistry()
    registry.register(Step.self) { step, context in
      try await pool.query(
        "insert into public.effect (job, attempt, pid) values ($1, $2, $3)",
        [context.id, Int32(context.attempt), getpid()])
      if step.aborts == true { abort() }
      try await Task.sleep(for: .milliseconds(step.milliseconds))
    }
    registry.register(Pay.self) { _, context in
      if context.crashes > 0 {
        context.report(progress: 0.5)
        try await context.checkpoint(context.crashes)
      }
      try await context.transaction { connection in
        try await connection.query(
          "insert into public.effect (job, attempt, pid) values ($1, $2, $3)",
          [context.id, Int32(context.attempt), getpid()])
      }
    }
    await Worker.runChildIfAsked(registry, logger: logger)
    let worker = Worker(
      configuration: configuration, registry: registry,
      settings: WorkerConfiguration(
        queues: ["steps": slots, "pays": slots], grace: .seconds(5), heartbeat: .milliseconds(500)),
      logger: logger)
    let signals = DispatchSource.makeSignalSource(signal: SIGTERM, queue: .main)
    signal(SIGTERM, SIG_IGN)
    signals.setEventHandler { worker.shutDown() }
    signals.resume()
    do {
      try await worker.run()
    } catch {
      FileHandle.standardError.write(Data("crash-worker: \(error)\n".utf8))
      exit(1)
    }
  }
}

struct Step: JobPayload {
  static let kind = "step"
  static let options = JobOptions(queue: "steps")
  var milliseconds: Int
  var aborts: Bool?
}

struct Pay: JobPayload {
  static let kind = "pay"
  static let options = JobOptions(queue: "pays")
}
