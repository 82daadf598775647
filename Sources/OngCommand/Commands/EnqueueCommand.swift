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
  @OptionGroup var options: EnqueueOptions
  @OptionGroup(title: "Database") var database: DatabaseOptions

  func validate() throws {
    if delay != nil && at != nil { throw ValidationError("give --delay or --at, not both") }
  }

  func run() async throws {
    let json = payload == "-" ? try readPayload() : payload
    let id = try await database.withQueue {
      try await $0.enqueue(
        kind: kind, json: json, queue: queue, priority: priority, delay: delay, runAt: at,
        key: options.key, unique: options.uniqueness, expires: options.expiry, tags: options.tags,
        trace: options.traceparent, waitingUpTo: options.waitForRoom)
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
