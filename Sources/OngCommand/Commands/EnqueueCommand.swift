import ArgumentParser
import Foundation
import JobQueue

/// `ong enqueue`: for scripts and for trying things; the program needs no type for the job.
struct EnqueueCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "enqueue", abstract: "Enqueue one job and print its id.")

  @Argument(help: "The queue's name.") var queue: String
  @Argument(help: "The job's kind, such as report.render.") var kind: String
  @Argument(help: ArgumentHelp("The payload; - reads it from standard input.", valueName: "json"))
  var payload = "{}"

  @Option(name: .shortAndLong, help: "The band in the queue.")
  var priority = JobPriority.normal
  @Option(
    help: "Not before this long from now, such as 90s, 5m or 2h.", transform: DurationText.argument)
  var delay: Duration?
  @Option(
    help: "Not before this time, as ISO 8601 with its zone: 2026-03-01T08:00:00+07:00.",
    transform: TimeText.argument)
  var at: Date?
  @Option(help: "At most one job with this key waits in the queue.") var uniqueKey: String?
  @Option(help: "What to do when a job with the same unique key waits.")
  var onConflict = UniqueConflict.keep
  @OptionGroup(title: "Database") var database: DatabaseOptions

  func validate() throws {
    if delay != nil && at != nil { throw ValidationError("give --delay or --at, not both") }
  }

  func run() async throws {
    let json = payload == "-" ? try readPayload() : payload
    let id = try await database.withQueue {
      try await $0.enqueue(
        kind: kind, json: json, queue: queue, priority: priority, delay: delay, runAt: at,
        unique: uniqueKey.map { .key($0, onConflict: onConflict) })
    }
    Terminal.printLines(["\(id)"])
  }

  private func readPayload() throws -> String {
    let bytes = try FileHandle.standardInput.readToEnd() ?? Data()
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw CommandFailure(.usage, "standard input is not UTF-8")
    }
    return text
  }
}
