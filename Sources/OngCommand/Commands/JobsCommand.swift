import ArgumentParser
import Foundation
import JobQueue

/// `ong jobs …`: any job, in any state.
struct JobsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "jobs", abstract: "Look at jobs in any state; retry, cancel and discard them.",
    subcommands: [
      List.self, Show.self, Explain.self, Wait.self, Retry.self, Cancel.self, Discard.self,
    ],
    defaultSubcommand: List.self)

  struct List: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "ls", abstract: "List jobs, newest first.",
      discussion: "Settled jobs are found until their part of the log is emptied.")
    @Option(name: .shortAndLong, help: "Only of this queue.") var queue: String?
    @Option(name: .shortAndLong, help: "Only in this state.") var state: JobState?
    @Option(name: .shortAndLong, help: "Only of this kind.") var kind: String?
    @OptionGroup var page: PagingOptions
    @OptionGroup var options: ReadingOptions

    func run() async throws {
      let filter = JobFilter(
        queue: queue, state: state, kind: kind, before: page.before, limit: page.limit)
      let jobs = try await options.database.withQueue { try await $0.jobs(filter) }
      try options.show(jobs, empty: "No job matches.") { .jobs($0, now: Date()) }
    }
  }

  struct Show: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "show", abstract: "Tell the whole story of one job, in whatever state it is.")
    @Argument(help: "The job's id.") var id: Int64
    @Flag(help: "Show the values that are marked as secret too.") var reveal = false
    @OptionGroup var options: ReadingOptions

    func run() async throws {
      let story = try await options.database.withQueue {
        try await $0.story(id, revealed: reveal)
      }
      guard let story else { throw CommandFailure.noSuchJob(id) }
      Terminal.printLines(options.json ? [story.json] : StoryText.lines(story, now: Date()))
    }
  }

  struct Explain: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "explain", abstract: "Say in one sentence why a job does not run.",
      discussion: "A step of a workflow that has no job yet: 'ong jobs explain 12 --step render'.")
    @Argument(help: "The job's id; with --step, the workflow's.") var id: Int64
    @Option(help: "A step of the workflow.") var step: String?
    @OptionGroup var options: ReadingOptions

    func run() async throws {
      let answer = try await options.database.withQueue { queue in
        if let step { return try await queue.explainStep(step, of: id) }
        return try await queue.explain(id)
      }
      guard let answer else {
        guard let step else { throw CommandFailure.noSuchJob(id) }
        throw CommandFailure(
          .notFound, "workflow \(id) has no step '\(step)'",
          advice: "see 'ong workflows show \(id)'")
      }
      Terminal.printLines([options.json ? answer.json : answer.text])
    }
  }

  struct Wait: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "wait", abstract: "Wait until a job has ended; print its result.",
      discussion: "Exit code 1: it did not succeed, or not in time.")
    @Argument(help: "The job's id.") var id: Int64
    @Option(
      help: "Wait at most so long.", transform: DurationText.argument)
    var within: Duration = .seconds(60)
    @OptionGroup(title: "Database") var database: DatabaseOptions

    func run() async throws {
      let end = try await database.withQueue { try await $0.end(ofJob: id, within: within) }
      guard end.state == .succeeded else {
        throw CommandFailure(
          .failure, "job \(id) is \(end.state.rawValue)", advice: "see 'ong jobs show \(id)'")
      }
      if let result = end.result { Terminal.printLines([result]) }
    }
  }

  struct Retry: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "retry", abstract: "Let dead, scheduled, retrying or parked jobs run now.")
    @OptionGroup var target: JobTargets

    func run() async throws {
      try await target.each { queue, id in
        try await queue.retryJob(id)
        return "will run"
      }
    }
  }

  struct Cancel: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "cancel",
      abstract: "Cancel jobs: a waiting one never runs, a running one is asked to end.")
    @OptionGroup var target: JobTargets

    func run() async throws {
      try await target.each { queue, id in try await queue.cancelJob(id) }
    }
  }

  struct Discard: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "discard", abstract: "Drop dead letters for good.")
    @OptionGroup var target: JobTargets

    func run() async throws {
      try await target.each { queue, id in
        try await queue.discardJob(id)
        return "discarded"
      }
    }
  }
}

extension CommandFailure {
  static func noSuchJob(_ id: Int64) -> CommandFailure {
    CommandFailure(
      .notFound, "job \(id) is not known",
      advice: "settled jobs are forgotten when their part of the log is emptied; see 'ong jobs ls'")
  }
}
