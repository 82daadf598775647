import ArgumentParser
import Foundation
import JobQueue
import QueueWeb

/// `ong workers …`
struct WorkersCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "workers", abstract: "Look at the worker processes; drain them.",
    subcommands: [List.self, Show.self, Drain.self, Alive.self], defaultSubcommand: List.self)

  struct List: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "ls", abstract: "List the workers that are alive.")
    @OptionGroup var options: ReadingOptions

    func run() async throws {
      let workers = try await options.database.withQueue { try await $0.workers() }
      try options.show(workers, empty: "No worker is alive. Start one with 'ong work'.") {
        .workers($0, now: Date())
      }
    }
  }

  struct Show: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "show", abstract: "Show one worker with its queues and the kinds it can run.")
    @Argument(help: "The worker's epoch, or enough of its first letters.") var worker: String
    @OptionGroup var options: ReadingOptions

    func run() async throws {
      let workers = try await options.database.withQueue { try await $0.workers() }
      let found = try WorkerName.find(worker, in: workers)
      if options.json { return try Terminal.printLines([JSONNotation.text(found)]) }
      Terminal.printLines(WorkerText.lines(found, now: Date()))
    }
  }

  struct Drain: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "drain",
      abstract: "Ask a worker to finish what it runs and claim nothing more.")
    @Argument(help: "The worker's epoch, or enough of its first letters.") var worker: String
    @OptionGroup(title: "Database") var database: DatabaseOptions

    func run() async throws {
      try await database.withQueue { queue in
        let found = try WorkerName.find(worker, in: try await queue.workers())
        try await queue.drainWorker(found.epoch)
      }
    }
  }

  struct Alive: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "alive",
      abstract: "Exit 0 if a worker has a fresh heartbeat, else 3: a health check.")
    @Option(help: "Only workers of this host.") var host: String?
    @Option(help: "How old the heartbeat may be.", transform: DurationText.argument)
    var within: Duration = .seconds(15)
    @OptionGroup(title: "Database") var database: DatabaseOptions

    func run() async throws {
      let workers = try await database.withQueue { try await $0.workers() }
      let now = Date()
      let fresh = workers.contains {
        (host == nil || $0.host == host)
          && now.timeIntervalSince($0.lastHeartbeat) <= within / .seconds(1)
      }
      if !fresh { throw CommandFailure(.notFound, "no worker has a fresh heartbeat") }
    }
  }
}
