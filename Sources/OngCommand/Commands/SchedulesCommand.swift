import ArgumentParser
import Foundation
import JobQueue
import QueueWeb

/// `ong schedules …`: work that comes round.
struct SchedulesCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "schedules",
    abstract: "Look at schedules; make, pause, run and delete them; preview their ticks.",
    subcommands: [
      List.self, Show.self, Preview.self, PutScheduleCommand.self, Pause.self, Resume.self,
      Run.self, Delete.self,
    ],
    defaultSubcommand: List.self)

  struct List: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "ls", abstract: "List the schedules by name.")
    @OptionGroup var options: ReadingOptions

    func run() async throws {
      let schedules = try await options.database.withQueue { try await $0.schedules() }
      try options.show(schedules, empty: "There is no schedule yet.") {
        .schedules($0, now: Date())
      }
    }
  }

  struct Show: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "show", abstract: "Show one schedule.")
    @Argument(help: "The schedule's name.") var name: String
    @OptionGroup var options: ReadingOptions

    func run() async throws {
      let schedules = try await options.database.withQueue { try await $0.schedules() }
      guard let schedule = schedules.first(where: { $0.name == name }) else {
        throw CommandFailure(
          .notFound, "there is no schedule '\(name)'", advice: "see 'ong schedules ls'")
      }
      if options.json { return try Terminal.printLines([JSONNotation.text(schedule)]) }
      Terminal.printLines(ScheduleText.lines(schedule, now: Date()))
    }
  }

  struct Preview: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "preview",
      abstract: "Show the next ticks, of a schedule or of a cron expression.",
      discussion: """
        'ong schedules preview nightly' or 'ong schedules preview --cron "30 2 * * *" --time-zone \
        Australia/Lord_Howe'. With --across-change the ticks begin a little before the next change \
        of the zone's clock.
        """)
    @Argument(help: "The schedule's name.") var name: String?
    @Option(help: "Instead of a name: five or six fields, @daily, '@every 90s'.") var cron: String?
    @Option(help: "The zone of --cron.") var timeZone = "UTC"
    @Option(help: "From this time on, as ISO 8601 with its zone.", transform: TimeText.argument)
    var from: Date?
    @Flag(help: "Begin two days before the next change of the zone's clock.")
    var acrossChange = false
    @Option(name: .shortAndLong, help: "So many ticks, 1 to 1000.") var count = 10
    @OptionGroup var options: ReadingOptions

    func validate() throws {
      if (name == nil) == (cron == nil) {
        throw ValidationError("give a schedule's name or --cron")
      }
      guard (1...1000).contains(count) else {
        throw ValidationError("expected --count to be 1 to 1000, got: \(count)")
      }
    }

    func run() async throws {
      let ticks = try await options.database.withQueue { queue in
        let start = acrossChange ? try await beforeChange(queue) : from
        if let name {
          return try await queue.previewSchedule(name, from: start, count: count)
        }
        return try await queue.previewCron(
          cron ?? "", timeZone: timeZone, from: start, count: count)
      }
      try options.show(ticks, empty: "No tick comes.") { .ticks($0) }
    }

    private func beforeChange(_ queue: JobQueue) async throws -> Date? {
      var zone = timeZone
      if let name {
        zone = try await queue.schedules().first { $0.name == name }?.timeZone ?? timeZone
      }
      let change = try await queue.nextClockChange(timeZone: zone, from: from ?? Date())
      guard let change else {
        throw CommandFailure(.notFound, "the clock of \(zone) does not change in the years ahead")
      }
      return change.at.addingTimeInterval(-2 * 86_400)
    }
  }

  struct Pause: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "pause", abstract: "Fire no tick until it is resumed; jobs go on.")
    @Argument(help: "The schedule's name.") var name: String
    @OptionGroup(title: "Database") var database: DatabaseOptions

    func run() async throws { try await database.withQueue { try await $0.pauseSchedule(name) } }
  }

  struct Resume: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "resume",
      abstract: "Go on with the next tick; those of the pause are not made up for.")
    @Argument(help: "The schedule's name.") var name: String
    @OptionGroup(title: "Database") var database: DatabaseOptions

    func run() async throws { try await database.withQueue { try await $0.resumeSchedule(name) } }
  }

  struct Run: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "run", abstract: "Enqueue the schedule's job now and print its id.")
    @Argument(help: "The schedule's name.") var name: String
    @OptionGroup(title: "Database") var database: DatabaseOptions

    func run() async throws {
      let id = try await database.withQueue { try await $0.runScheduleNow(name) }
      Terminal.printLines(["\(id)"])
    }
  }

  struct Delete: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "delete",
      abstract: "Forget a schedule; its jobs go on. One that a program declares comes back with it."
    )
    @Argument(help: "The schedule's name.") var name: String
    @OptionGroup(title: "Database") var database: DatabaseOptions

    func run() async throws { try await database.withQueue { try await $0.deleteSchedule(name) } }
  }
}
