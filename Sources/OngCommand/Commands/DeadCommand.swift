import ArgumentParser
import Foundation
import JobQueue

/// `ong dead …`: jobs that are out of attempts.
struct DeadCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "dead", abstract: "Look at dead letters; retry and discard them.",
    subcommands: [List.self, JobsCommand.Show.self, Retry.self, JobsCommand.Discard.self],
    defaultSubcommand: List.self)

  struct List: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "ls", abstract: "List dead letters, newest id first.")
    @Option(name: .shortAndLong, help: "Only of this queue.") var queue: String?
    @Option(name: .shortAndLong, help: "Only of this kind.") var kind: String?
    @OptionGroup var page: PagingOptions
    @OptionGroup var options: ReadingOptions

    func run() async throws {
      let dead = try await options.database.withQueue {
        try await $0.deadJobs(
          queue: queue, kind: kind, before: page.before, limit: page.limit)
      }
      try options.show(dead, empty: "There is no dead letter.") { .dead($0, now: Date()) }
    }
  }

  struct Retry: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "retry",
      abstract:
        "Let dead letters run again: those named, or those of a queue or kind, oldest first.")
    @Argument(help: "The jobs' ids.") var ids: [Int64] = []
    @Option(name: .shortAndLong, help: "All of this queue.") var queue: String?
    @Option(name: .shortAndLong, help: "All of this kind.") var kind: String?
    @Flag(help: "All there are.") var all = false
    @Option(name: .shortAndLong, help: "Of all, at most so many.") var limit = 1000
    @OptionGroup(title: "Database") var database: DatabaseOptions

    private var isBulk: Bool { all || queue != nil || kind != nil }

    func validate() throws {
      if ids.isEmpty != isBulk {
        throw ValidationError("name jobs by id, or choose them with --queue, --kind or --all")
      }
    }

    func run() async throws {
      guard isBulk else {
        return try await JobTargets.each(of: ids, in: database) { queue, id in
          try await queue.retryJob(id)
          return "will run"
        }
      }
      let count = try await database.withQueue {
        try await $0.retryDead(queue: queue, kind: kind, limit: limit)
      }
      Terminal.printLines(["\(count) will run"])
    }
  }
}
