import ArgumentParser
import Foundation
import JobQueue
import QueueWeb

/// `ong queues limits`: shows and changes the limits of a queue.
struct QueueLimitsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "limits", abstract: "Show the limits of a queue, or change those that are named.",
    discussion: """
      A rate is COUNT/SPAN, with :BURST where more may start at once after a rest: 10/1s, 600/1m:50. \
      The word none takes a limit off. Every worker heeds the change from its next claim on.
      """)
  @Argument(help: "The queue's name.") var name: String
  @Option(help: "Jobs that run at a time over all workers.") var maxRunning: LimitWord<Int>?
  @Option(help: "Starts in a time.") var rate: LimitWord<QueueLimits.Rate>?
  @Option(help: "How keys share the queue: fair or fifo.")
  var keyOrder: LimitWord<QueueLimits.KeyOrder>?
  @Option(help: "Jobs of one key that run at a time.") var maxRunningPerKey: LimitWord<Int>?
  @Option(help: "Starts of one key in a time.") var ratePerKey: LimitWord<QueueLimits.Rate>?
  @OptionGroup var options: ReadingOptions

  func run() async throws {
    let limits = try await options.database.withQueue { queue in
      var limits = try await queue.limits(of: name)
      let before = limits
      maxRunning?.apply(to: &limits.maxRunning)
      rate?.apply(to: &limits.rate)
      keyOrder?.apply(to: &limits.keyOrder)
      maxRunningPerKey?.apply(to: &limits.maxRunningPerKey)
      ratePerKey?.apply(to: &limits.ratePerKey)
      if limits != before { try await queue.setLimits(limits, of: name) }
      return try await queue.limits(of: name)
    }
    if options.json { return try Terminal.printLines([JSONNotation.text(limits)]) }
    Terminal.printLines(QueueLimitsText.lines(limits))
  }
}

/// A limit as an option gives it: a value, or the word none.
enum LimitWord<Value: LimitArgument>: ExpressibleByArgument {
  case none
  case some(Value)

  init?(argument: String) {
    if argument == "none" {
      self = .none
    } else if let value = Value(limit: argument) {
      self = .some(value)
    } else {
      return nil
    }
  }

  func apply(to limit: inout Value?) {
    switch self {
    case .none: limit = nil
    case .some(let value): limit = value
    }
  }
}

/// What a limit may be written as.
protocol LimitArgument {
  init?(limit: String)
}

extension Int: LimitArgument {
  init?(limit: String) { self.init(limit) }
}

extension QueueLimits.KeyOrder: LimitArgument {
  init?(limit: String) { self.init(rawValue: limit) }
}

extension QueueLimits.Rate: LimitArgument {
  /// `10/1s` or `600/1m:50`.
  init?(limit: String) {
    guard let match = limit.wholeMatch(of: /(\d+)\/([^:]+)(?::(\d+))?/), let count = Int(match.1),
      let span = DurationText.parse(String(match.2))
    else { return nil }
    self.init(count, per: span, burst: match.3.flatMap { Int($0) })
  }
}

/// `ong queues limits`
enum QueueLimitsText {
  static func lines(_ limits: QueueLimits) -> [String] {
    var facts = FactList()
    facts.add("running", limits.maxRunning.map { "\($0) at a time" } ?? "no limit")
    facts.add("rate", limits.rate.map(text) ?? "no limit")
    facts.add("keys", limits.keyOrder?.rawValue ?? "in the order of the log")
    facts.add("running per key", limits.maxRunningPerKey.map { "\($0) at a time" })
    facts.add("rate per key", limits.ratePerKey.map(text))
    return facts.lines
  }

  /// Those that are set, in one line.
  static func line(_ limits: QueueLimits) -> String {
    [
      limits.maxRunning.map { "\($0) at a time" }, limits.rate.map(text),
      limits.keyOrder.map { "keys \($0.rawValue)" },
      limits.maxRunningPerKey.map { "\($0) of a key at a time" },
      limits.ratePerKey.map { "of a key " + text($0) },
    ].compactMap { $0 }.joined(separator: "; ")
  }

  private static func text(_ rate: QueueLimits.Rate) -> String {
    "\(rate.count) in \(DurationText.short(rate.per)), at most \(rate.burst) at once"
  }
}
