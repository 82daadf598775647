import JobQueue
import LibpqClient

/// Enqueues by the public calls, next to bare statements that write the same row into a table with one
/// index.
struct EnqueueRun: Sendable {
  private static let perTransaction = 100

  private let stage: Stage
  private let seconds: Double
  private let payloads: NoOp.Factory

  init(_ stage: Stage) {
    self.stage = stage
    seconds = stage.settings.seconds ?? 2
    payloads = NoOp.Factory(size: stage.settings.payloadBytes)
  }

  func measure() async throws -> RunOutcome {
    let plain = try await PlainTable.make(in: stage)
    let parts = [
      try await compared("one_by_one", oneByOne, plain.oneByOne),
      try await compared("transactions_of_100", inTransactions, plain.inTransactions),
      try await compared("copy", copied, plain.copied),
    ]
    return RunOutcome(parts: parts, conditions: [("seconds", .fraction(seconds))])
  }

  private func compared(
    _ name: String, _ ong: (Connection) async throws -> Measurement,
    _ plain: (EnqueueRun, Connection) async throws -> Measurement
  ) async throws -> Comparison {
    var rounds: (ong: [Measurement], plain: [Measurement]) = ([], [])
    for _ in 0..<stage.settings.rounds {
      rounds.ong.append(try await metered(ong))
      rounds.plain.append(try await metered { try await plain(self, $0) })
    }
    return Comparison(
      name, ong: .median(rounds.ong) ?? Measurement(jobs: 0, seconds: 0),
      yardstick: .median(rounds.plain))
  }

  /// Lends a producer's connection, whose commits wait for the disk as they do by default.
  private func metered(
    _ body: (Connection) async throws -> Measurement
  ) async throws -> Measurement {
    try await stage.connection.query("truncate plain_row")
    try await stage.connection.query(
      "select \(stage.sql("clear_segment"))(segment) from generate_series(0, 3) segment")
    OwnProcess.forgetPeak()
    let before = try await stage.meter.settledCounters()
    let producer = try await stage.scratch.connect(as: "ong bench producer")
    var result = try await body(producer)
    await producer.close()
    result.add(before, try await stage.meter.settledCounters())
    result.connections = 1
    return result
  }

  private func oneByOne(_ producer: Connection) async throws -> Measurement {
    try await calls { number in
      try await stage.queue.enqueue(payloads.job(number), in: producer)
      return 1
    }
  }

  private func inTransactions(_ producer: Connection) async throws -> Measurement {
    try await calls { number in
      try await producer.transaction { connection in
        for place in 0..<Self.perTransaction {
          try await stage.queue.enqueue(payloads.job(number + Int64(place)), in: connection)
        }
      }
      return Self.perTransaction
    }
  }

  private func copied(_ producer: Connection) async throws -> Measurement {
    try await pieces { piece in
      try await producer.transaction { connection in
        _ = try await stage.queue.enqueueBulk(
          NoOps(piece, payloads), in: connection)
      }
    }
  }

  /// One call after the other for as long as the settings say; a latency is a call's.
  func calls(_ call: (Int64) async throws -> Int) async throws -> Measurement {
    let latency = LatencyRecorder()
    let start = stage.meter.stopwatch
    let end = start.at + Int64(seconds * 1e9)
    var jobs = 0
    var now = start.at
    while now < end {
      jobs += try await call(100_000 + Int64(jobs))
      let then = MonotonicClock.nanoseconds
      latency.record(nanoseconds: then - now)
      now = then
    }
    var result = Measurement(jobs: jobs, from: start, to: stage.meter.stopwatch)
    result.latency = latency.summary
    return result
  }

  /// All jobs of the settings, 10,000 in each transaction; a latency is a transaction's.
  func pieces(_ send: (Range<Int>) async throws -> Void) async throws -> Measurement {
    let latency = LatencyRecorder()
    let start = stage.meter.stopwatch
    for piece in (0..<stage.settings.jobs).pieces(of: OngFill.transaction) {
      let began = MonotonicClock.nanoseconds
      try await send(piece)
      latency.record(nanoseconds: MonotonicClock.nanoseconds - began)
    }
    var result = Measurement(
      jobs: stage.settings.jobs, from: start, to: stage.meter.stopwatch)
    result.latency = latency.summary
    return result
  }
}
