import Dispatch
import Foundation
import JobQueueTesting
import LibpqClient
import Synchronization

/// A producer process: `chaos producer CONNINFO JOURNALS SEED RATE`.
///
/// Until SIGTERM it enqueues RATE jobs a second in transactions that commit synchronously; some it rolls
/// back on purpose, some it leaves open for a while before they commit.
package struct ProducerProgram: Sendable {
  private let configuration: ConnectionConfiguration
  private let journal: Journal
  private let rate: Double
  private let isStopped = Flag()

  package static func run(_ arguments: [String]) async -> Int32 {
    guard arguments.count == 4, let seed = UInt64(arguments[2]),
      let rate = Double(arguments[3]),
      let journal = try? Journal(in: arguments[1], role: "producer")
    else { return 64 }
    var configuration = ConnectionConfiguration(arguments[0])
    configuration.connectTimeout = .seconds(3)
    let producer = ProducerProgram(configuration: configuration, journal: journal, rate: rate)
    ParentWatch.begin()
    signal(SIGTERM, SIG_IGN)
    let signals = DispatchSource.makeSignalSource(signal: SIGTERM, queue: .global())
    signals.setEventHandler { producer.isStopped.raise() }
    signals.resume()
    await producer.produce(SeededGenerator(seed))
    signals.cancel()
    return 0
  }

  private func produce(_ generator: SeededGenerator) async {
    var random = generator
    var transaction = 0
    var done = 0
    var connection: Connection?
    var backoff = Backoff(cap: .seconds(1))
    let start = monotonicNow()
    while !isStopped.isRaised {
      transaction += 1
      do {
        let open: Connection
        if let connection, connection.isOpen {
          open = connection
        } else {
          open = try await Connection.open(configuration)
        }
        connection = open
        done += try await enqueue(transaction, open, &random)
        backoff.reset()
      } catch {
        await connection?.close()
        connection = nil
        try? await Task.sleep(for: backoff.next())
      }
      let due = Double(done) / rate
      let ahead = due - Double(monotonicNow() - start) / 1e9
      if ahead > 0 { try? await Task.sleep(for: .seconds(min(ahead, 1))) }
    }
    await connection?.close()
  }

  /// Returns how many are committed.
  private func enqueue(
    _ transaction: Int, _ connection: Connection, _ random: inout SeededGenerator
  ) async throws -> Int {
    let isPayment = Int.random(in: 0..<3, using: &random) == 0
    let count = [1, 1, 3, 10, 40].randomElement(using: &random)!
    let padding = Int.random(in: 0..<40, using: &random) == 0 ? 20_000 : 0
    let payloads = (0..<count).map { _ in Self.payload(isPayment, padding, &random) }
    let delay = Int.random(in: 0..<10, using: &random) == 0 ? 0.7 : 0
    let isAborted = Int.random(in: 0..<12, using: &random) == 0
    let pause = Int.random(in: 0..<15, using: &random) == 0 ? 40 : 0
    try await connection.execute(script: "begin")
    let ids = try await connection.query(
      """
      select * from ong.enqueue_many($1, $2, $3::text[]::jsonb[], $4,
        clock_timestamp() + make_interval(secs => $5))
      """,
      [
        isPayment ? "pays" : "steps", isPayment ? "pay" : "step", payloads,
        Int16.random(in: 0...3, using: &random), delay,
      ]
    ).map { try $0[0].decode(Int64.self) }
    try await Task.sleep(for: .milliseconds(pause))
    if isAborted {
      try await connection.execute(script: "rollback")
      return 0
    }
    let list = ids.map(String.init).joined(separator: ",")
    journal.write("I \(transaction) \(isPayment ? "pay" : "step") \(list)")
    try await connection.execute(script: "commit")
    journal.write("E \(transaction)")
    return count
  }

  private static func payload(
    _ isPayment: Bool, _ padding: Int, _ random: inout SeededGenerator
  ) -> String {
    // Mostly short, so that a worker holds many results that it has not reported.
    let milliseconds = [0, 0, 0, 1, 2, 5, 20, 150].randomElement(using: &random)!
    if isPayment { return #"{"milliseconds": \#(milliseconds / 4)}"# }
    let fails = Int.random(in: 0..<50, using: &random) == 0
    let text = String(repeating: "x", count: padding)
    return #"{"milliseconds": \#(milliseconds), "fails": \#(fails), "padding": "\#(text)"}"#
  }
}

/// Raised once, from any thread.
private final class Flag: Sendable {
  private let state = Atomic(false)

  var isRaised: Bool { state.load(ordering: .acquiring) }
  func raise() { state.store(true, ordering: .releasing) }
}
