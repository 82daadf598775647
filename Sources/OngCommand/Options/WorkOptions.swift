import ArgumentParser
import EmulationAwards
import Foundation
import JobWorker

/// How the workers of this process work.
struct WorkOptions: ParsableArguments {
  @Option(
    name: .shortAndLong,
    help: ArgumentHelp(
      "Work on this queue only; repeat it for several. Default: all queues of the program.",
      valueName: "name[=slots]"))
  var queue: [QueueSlots] = []

  @Option(help: "Jobs at a time in each queue that does not say its own number.")
  var slots: Int = max(4, ProcessInfo.processInfo.activeProcessorCount)

  @Option(
    help: ArgumentHelp(
      "How long running jobs may go on when the process is told to end.", valueName: "span"),
    transform: DurationText.argument)
  var grace: Duration = .seconds(25)

  func validate() throws {
    for count in [slots] + queue.compactMap(\.slots) where !(1...10_000).contains(count) {
      throw ValidationError("expected slots to be 1 to 10000, got: \(count)")
    }
  }

  /// `notices 4, reports 4, scores 4`
  var description: String {
    configuration(schema: "").queues.sorted { $0.key < $1.key }
      .map { "\($0.key) \($0.value)" }.joined(separator: ", ")
  }

  func configuration(schema: String) -> WorkerConfiguration {
    let served = queue.isEmpty ? EmulationJobs.queues.map { QueueSlots(name: $0) } : queue
    return WorkerConfiguration(
      queues: Dictionary(served.map { ($0.name, $0.slots ?? slots) }) { _, last in last },
      schema: schema, grace: grace, version: OngVersion.current)
  }
}

/// A queue with the number of jobs of it that run at a time: `reports` or `reports=2`.
struct QueueSlots: ExpressibleByArgument, Equatable {
  var name: String
  var slots: Int?

  init(name: String) { self.name = name }

  init?(argument: String) {
    guard let mark = argument.lastIndex(of: "=") else {
      self.init(name: argument)
      if argument.isEmpty { return nil }
      return
    }
    guard let slots = Int(argument[argument.index(after: mark)...]), mark > argument.startIndex
    else { return nil }
    self.init(name: String(argument[..<mark]))
    self.slots = slots
  }
}
