import ArgumentParser
import Foundation
import JobQueue

/// `ong workflows …`: jobs that wait for each other, batches, signals.
struct WorkflowsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "workflows",
    abstract: "Look at workflows; cancel and retry them; send them signals.",
    subcommands: [List.self, Show.self, Cancel.self, Retry.self, Signal.self, Event.self],
    defaultSubcommand: List.self)

  struct List: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "ls", abstract: "List workflows, newest first.")
    @Option(name: .shortAndLong, help: "Only in this state.") var state: WorkflowState?
    @Option(name: .shortAndLong, help: "Only of this name.") var name: String?
    @OptionGroup var page: PagingOptions
    @OptionGroup var options: ReadingOptions

    func run() async throws {
      let workflows = try await options.database.withQueue {
        try await $0.workflows(
          state: state, name: name, before: page.before, limit: page.limit)
      }
      try options.show(workflows, empty: "No workflow matches.") { .workflows($0, now: Date()) }
    }
  }

  struct Show: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "show", abstract: "Show a workflow with its steps and what they wait for.")
    @Argument(help: "The workflow's id.") var id: Int64
    @OptionGroup var options: ReadingOptions

    func run() async throws {
      guard let story = try await options.database.withQueue({ try await $0.workflow(id) }) else {
        throw CommandFailure(
          .notFound, "workflow \(id) is not known", advice: "see 'ong workflows ls'")
      }
      if options.json { return Terminal.printLines([story.json]) }
      Terminal.printLines(WorkflowText.lines(story, now: Date()))
      Terminal.printTable(.steps(story.steps))
    }
  }

  struct Cancel: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "cancel",
      abstract: "Cancel all of a workflow that has not ended; running jobs are asked to end.")
    @Argument(help: "The workflow's id.") var id: Int64
    @OptionGroup(title: "Database") var database: DatabaseOptions

    func run() async throws {
      let state = try await database.withQueue { try await $0.cancelWorkflow(id) }
      Terminal.printLines(["\(id)  \(state.rawValue)"])
    }
  }

  struct Retry: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "retry",
      abstract: "Run the failed and cancelled steps again; what succeeded is not repeated.")
    @Argument(help: "The workflow's id.") var id: Int64
    @OptionGroup(title: "Database") var database: DatabaseOptions

    func run() async throws {
      let steps = try await database.withQueue { try await $0.retryWorkflow(id) }
      Terminal.printLines(["\(id)  \(steps) steps will run"])
    }
  }

  struct Signal: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "signal", abstract: "Send a signal to a workflow.")
    @Argument(help: "The workflow's id.") var id: Int64
    @Argument(help: "The signal's name.") var name: String
    @Argument(help: ArgumentHelp("What it carries.", valueName: "json")) var payload = "null"
    @OptionGroup(title: "Database") var database: DatabaseOptions

    func run() async throws {
      let value = try JSONValue(argument: payload)
      let delivery = try await database.withQueue {
        try await $0.sendSignal(name, to: id, payload: value)
      }
      Terminal.printLines([delivery.rawValue])
    }
  }

  struct Event: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "event", abstract: "Tell of an outside event, to whatever workflow waits for it."
    )
    @Argument(help: "The event's name.") var name: String
    @Argument(help: "The key that tells it from others of its name.") var key: String
    @Argument(help: ArgumentHelp("What it carries.", valueName: "json")) var payload = "null"
    @OptionGroup(title: "Database") var database: DatabaseOptions

    func run() async throws {
      let value = try JSONValue(argument: payload)
      let delivery = try await database.withQueue {
        try await $0.sendEvent(name, key: key, payload: value)
      }
      Terminal.printLines([delivery.rawValue])
    }
  }
}

extension JSONValue {
  fileprivate init(argument text: String) throws {
    do {
      self = try JSONDecoder().decode(JSONValue.self, from: Data(text.utf8))
    } catch {
      throw ValidationError("'\(text)' is no JSON")
    }
  }
}
