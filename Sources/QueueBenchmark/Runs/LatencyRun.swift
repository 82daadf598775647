import JobQueue
import JobWorker
import LibpqClient
import Synchronization

/// One job at a time, at a slow rate: how long from the call of `enqueue` to the handler's start, until the
/// server has the result, and until that is on disk.
struct LatencyRun: Sendable {
  private static let durableJobs = 20

  private let stage: Stage
  private let plan: OpenLoop
  private let rate: Int
  private let seconds: Double

  init(_ stage: Stage) {
    self.stage = stage
    rate = stage.settings.rate ?? 50
    seconds = stage.settings.seconds ?? 5
    plan = OpenLoop(rate: Double(rate), seconds: seconds)
  }

  func measure() async throws -> RunOutcome {
    RunOutcome(
      parts: [try await compared("latency")],
      conditions: [("rate", .number(rate)), ("seconds", .fraction(seconds))])
  }

  func compared(_ name: String) async throws -> Comparison {
    let stages = Stages()
    try await Drain(stage).fillClassic(0, isNew: true)
    let ong = try await metered { try await self.ong(stages) }
    try await durable(stages)
    let classic = try await metered { try await self.classic() }
    return Comparison(name, ong: ong, yardstick: classic, details: stages.details)
  }

  private func metered(_ body: () async throws -> Measurement) async throws -> Measurement {
    OwnProcess.forgetPeak()
    let before = try await stage.meter.settledCounters()
    var result = try await body()
    result.add(before, try await stage.meter.settledCounters())
    return result
  }

  private func ong(_ stages: Stages) async throws -> Measurement {
    let start = Mailbox()
    let workers = OngWorkers(
      stage, OngWorkers.registry(stage.settings) { _, _ in start.put(MonotonicClock.nanoseconds) })
    let payloads = NoOp.Factory(size: stage.settings.payloadBytes)
    try await stage.resume()
    return try await workers.running {
      try await workers.asleep()
      let producer = try await stage.scratch.connect(as: "ong bench producer")
      let connections = try await stage.meter.workerConnections()
      var result = try await paced { number, sentAt in
        try await stage.queue.enqueue(payloads.job(number), in: producer)
        stages.enqueued.record(nanoseconds: MonotonicClock.nanoseconds - sentAt)
        let startedAt = await start.take()
        for worker in workers.workers { await worker.untilIdle() }
        stages.settled.record(nanoseconds: MonotonicClock.nanoseconds - sentAt)
        return startedAt - sentAt
      }
      result.connections = connections
      await producer.close()
      return result
    }
  }

  /// Results commit without waiting for the disk; the server writes them down a little later. A few
  /// jobs apart from the others, as the loop waits for each.
  private func durable(_ stages: Stages) async throws {
    let workers = OngWorkers(stage, OngWorkers.registry(stage.settings) { _, _ in })
    let payloads = NoOp.Factory(size: stage.settings.payloadBytes)
    try await workers.running {
      try await workers.asleep()
      for number in 1...Self.durableJobs {
        let sentAt = MonotonicClock.nanoseconds
        try await stage.queue.enqueue(payloads.job(Int64(number)))
        try await workers.settled(number)
        try await flushed()
        stages.durable.record(nanoseconds: MonotonicClock.nanoseconds - sentAt)
      }
    }
  }

  private func flushed() async throws {
    let answer = try await stage.connection.query("select pg_current_wal_insert_lsn()::text")
    let wanted = try answer[0, 0].decode(String.self)
    try await patiently("the WAL was not flushed", every: .milliseconds(1)) {
      try await stage.connection.query(
        "select pg_current_wal_flush_lsn() >= $1::text::pg_lsn", [wanted])[0, 0].decode()
    }
  }

  /// A row, a notification, and a claim of it by the one who listens.
  private func classic() async throws -> Measurement {
    try await ClassicQueue.with(stage) { classic in
      let listener = try await stage.scratch.connect(as: "ong bench classic")
      let producer = try await stage.scratch.connect(as: "ong bench producer")
      let notices = Notices(try await listener.listen("classic_wake"))
      let payloads = NoOp.Factory(size: stage.settings.payloadBytes)
      let result = try await paced { number, sentAt in
        try await producer.query(
          """
          with job as (insert into classic_job (kind, payload) values ($1, $2) returning id)
          select pg_notify('classic_wake', '') from job
          """, [NoOp.kind, JSONText(payloads.json(number))])
        await notices.next()
        let rows = try await classic.round(claiming: stage.settings.batch, finishing: [])
        let startedAt = MonotonicClock.nanoseconds
        _ = try await classic.round(claiming: 0, finishing: rows.ids(column: 0))
        return startedAt - sentAt
      }
      await listener.close()
      await producer.close()
      return result
    }
  }

  /// Sends each job at its time and records what `send` answers.
  ///
  /// A job that is late because the one before took long counts from its intended time; the lateness of
  /// the timer itself is nobody's.
  private func paced(
    _ send: (_ number: Int64, _ sentAt: Int64) async throws -> Int64
  ) async throws -> Measurement {
    let latency = LatencyRecorder()
    let start = stage.meter.stopwatch
    for index in 0..<plan.jobs {
      var sentAt = start.at + plan.intended(index)
      let wait = sentAt - MonotonicClock.nanoseconds
      if wait > 0 {
        try await Task.sleep(for: .nanoseconds(wait))
        sentAt = MonotonicClock.nanoseconds
      }
      latency.record(nanoseconds: try await send(Int64(index), sentAt))
    }
    var result = Measurement(jobs: plan.jobs, from: start, to: stage.meter.stopwatch)
    result.latency = latency.summary
    result.connections = 1
    return result
  }
}

/// What else is recorded of each job.
private struct Stages: Sendable {
  let enqueued = LatencyRecorder()
  let settled = LatencyRecorder()
  let durable = LatencyRecorder()

  var details: [(name: String, value: Double?)] {
    [("enqueued", enqueued), ("settled", settled), ("durable", durable)].flatMap { name, recorder in
      let summary = recorder.summary
      return [("\(name)_p50_ms", summary?.p50), ("\(name)_p99_ms", summary?.p99)]
    }
  }
}

/// Hands one value from a handler to the one who waits for it.
private final class Mailbox: Sendable {
  private struct State {
    var values: [Int64] = []
    var waiter: CheckedContinuation<Int64, Never>?
  }

  private let state = Mutex(State())

  func put(_ value: Int64) {
    let waiter = state.withLock { state in
      defer { state.waiter = nil }
      if state.waiter == nil { state.values.append(value) }
      return state.waiter
    }
    waiter?.resume(returning: value)
  }

  func take() async -> Int64 {
    await withCheckedContinuation { continuation in
      let value: Int64? = state.withLock { state in
        if !state.values.isEmpty { return state.values.removeFirst() }
        state.waiter = continuation
        return nil
      }
      if let value { continuation.resume(returning: value) }
    }
  }
}

/// The notifications of a channel, one at a time.
private final class Notices {
  private var iterator: AsyncStream<Notification>.Iterator

  init(_ stream: AsyncStream<Notification>) { iterator = stream.makeAsyncIterator() }

  func next() async { _ = await iterator.next() }
}
