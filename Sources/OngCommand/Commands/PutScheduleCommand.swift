import ArgumentParser
import Foundation
import JobQueue

/// `ong schedules put`: makes a schedule or changes it.
struct PutScheduleCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "put", abstract: "Make a schedule, or change the one of this name.")

  @Argument(help: "The schedule's name, 1 to 128 bytes.") var name: String
  @Argument(help: "minute hour day month weekday, six fields with seconds, @daily, '@every 90s'.")
  var cron: String
  @Argument(help: "The queue of its jobs.") var queue: String
  @Argument(help: "The kind of its jobs.") var kind: String
  @Argument(help: ArgumentHelp("The payload of its jobs.", valueName: "json")) var payload = "{}"

  @Option(help: "The zone in whose local time the fields count.") var timeZone = "UTC"
  @Option(help: "Ticks that the clock jumps over.") var skippedTimes: SkippedTimes?
  @Option(help: "Ticks that the clock shows twice.") var repeatedTimes: RepeatedTimes?
  @Option(help: "Ticks that nobody could fire: none, latest or all.") var catchUp = "latest"
  @Option(help: "How old a tick may be to be caught up with.", transform: DurationText.argument)
  var within: Duration = .seconds(86_400)
  @Option(help: "A tick while the job of an earlier one has not ended.")
  var overlap = ScheduleOverlap.skip
  @Option(
    help: "Each tick is put off by a time up to this, always the same for one tick.",
    transform: DurationText.argument)
  var jitter: Duration = .zero
  @Option(name: .shortAndLong, help: "The band of its jobs.") var priority = JobPriority.normal
  @OptionGroup(title: "Database") var database: DatabaseOptions

  func validate() throws {
    if policy == nil {
      throw ValidationError("expected --catch-up none, latest or all, got: \(catchUp)")
    }
  }

  func run() async throws {
    let schedule = Schedule(
      name, cron: cron, timeZone: timeZone, skippedTimes: skippedTimes,
      repeatedTimes: repeatedTimes, catchUp: policy ?? .none, overlap: overlap, jitter: jitter,
      queue: queue, priority: priority, kind: kind, json: payload)
    try await database.withQueue { try await $0.putSchedule(schedule) }
  }

  private var policy: CatchUp? {
    switch catchUp {
    case "none": CatchUp.none
    case "latest": .latest(within: within)
    case "all": .all(within: within)
    default: nil
    }
  }
}
