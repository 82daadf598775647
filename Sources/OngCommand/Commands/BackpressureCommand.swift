import ArgumentParser
import JobQueue

/// `ong queues backpressure`: limits what may wait in a queue.
struct BackpressureCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "backpressure",
    abstract: "Limit what may wait in a queue; without options, lift the limits.",
    discussion: """
      Beyond a limit enqueueing fails with the SQLSTATE OG010, or waits where the producer asked for that. \
      Jobs for a later time are neither counted nor refused.
      """)
  @Argument(help: "The queue's name.") var name: String
  @Option(help: "Most jobs that wait for a worker.") var maxWaiting: Int?
  @Option(
    help: "How long the oldest of them may have waited, such as 90s or 5m.",
    transform: DurationText.argument)
  var maxAge: Duration?
  @OptionGroup(title: "Database") var database: DatabaseOptions

  func run() async throws {
    try await database.withQueue {
      try await $0.setBackpressure(name, maxWaiting: maxWaiting, maxAge: maxAge)
    }
  }
}
