import ArgumentParser
import Foundation
import JobQueue
import QueueWeb

/// `ong queues …`
struct QueuesCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "queues", abstract: "Look into queues; make, pause and resume them.",
    subcommands: [
      List.self, Show.self, Create.self, Pause.self, Resume.self, QueueLimitsCommand.self,
      BackpressureCommand.self,
    ],
    defaultSubcommand: List.self)

  struct List: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "ls", abstract: "List the queues with their jobs by state.")
    @OptionGroup var options: ReadingOptions

    func run() async throws {
      let queues = try await options.database.withQueue { try await $0.queues() }
      try options.show(queues, empty: "There is no queue yet.") { .queues($0, now: Date()) }
    }
  }

  struct Show: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "show", abstract: "Show one queue.")
    @Argument(help: "The queue's name.") var name: String
    @OptionGroup var options: ReadingOptions

    func run() async throws {
      let queues = try await options.database.withQueue { try await $0.queues() }
      guard let queue = queues.first(where: { $0.name == name }) else {
        throw CommandFailure(
          .notFound, "there is no queue '\(name)'", advice: "see 'ong queues ls'")
      }
      if options.json { return try Terminal.printLines([JSONNotation.text(queue)]) }
      Terminal.printLines(QueueText.lines(queue, now: Date()))
    }
  }

  struct Create: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "create", abstract: "Make a queue; does nothing if it exists.")
    @Argument(help: "The queue's name, 1 to 128 bytes.") var name: String
    @OptionGroup(title: "Database") var database: DatabaseOptions

    func run() async throws {
      try await database.withQueue { try await $0.createQueue(name) }
    }
  }

  struct Pause: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "pause",
      abstract: "Stop claiming jobs of a queue; running ones go on, new ones may be enqueued.")
    @Argument(help: "The queue's name.") var name: String
    @OptionGroup(title: "Database") var database: DatabaseOptions

    func run() async throws {
      try await database.withQueue { try await $0.pauseQueue(name) }
    }
  }

  struct Resume: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "resume", abstract: "Let the jobs of a paused queue be claimed again.")
    @Argument(help: "The queue's name.") var name: String
    @OptionGroup(title: "Database") var database: DatabaseOptions

    func run() async throws {
      try await database.withQueue { try await $0.resumeQueue(name) }
    }
  }
}
