import JobQueue
import LibpqClient
import Synchronization

/// Producers and workers together. Each job carries the time at which it was meant to be sent, and its
/// handler counts from there.
struct SustainedRun: Sendable {
  /// A producer sends so often what has become due, and at once what did while it was sending. Without a
  /// pause it would send ever smaller pieces, each a transaction.
  private static let tick = Duration.milliseconds(10)
  /// Most jobs of one transaction.
  private static let largestPiece = 10_000
  /// The yardstick, which may fall behind, is offered no more seconds.
  private static let longestYardstick = 60.0
  /// Fewer are enqueued by one statement, more by COPY.
  private static let smallestCopy = 50

  private let stage: Stage
  private let seconds: Double

  init(_ stage: Stage) {
    self.stage = stage
    seconds = stage.settings.seconds ?? 10
  }

  func measure() async throws -> RunOutcome {
    let (rate, bare) = try await offeredRate()
    let plan = OpenLoop(rate: Double(rate), seconds: seconds)
    let shortPlan = OpenLoop(rate: Double(rate), seconds: min(seconds, Self.longestYardstick))
    var rounds: (ong: [Measurement], classic: [Measurement]) = ([], [])
    for _ in 0..<stage.settings.rounds {
      rounds.ong.append(try await metered { try await ong(plan) })
      try await Drain(stage).fillClassic(0, isNew: true)
      rounds.classic.append(try await metered { try await classic(shortPlan) })
    }
    func middle(_ rounds: [Measurement]) -> Measurement? {
      .median(rounds) { -($0.latency?.p99 ?? .infinity) }
    }
    let result = middle(rounds.ong) ?? Measurement(jobs: 0, seconds: 0)
    let part = Comparison(
      "sustained", ong: result, yardstick: middle(rounds.classic), bare: bare,
      details: [
        ("offered_jobs_per_second", Double(rate)),
        ("ratio_to_offered", result.jobsPerSecond.map { $0 / Double(rate) }),
      ])
    return RunOutcome(
      parts: [part],
      conditions: [
        ("rate", .number(rate)), ("seconds", .fraction(seconds)),
        ("producers", .number(stage.settings.producers)),
      ])
  }

  /// A quarter of what the bare loop drains, unless the settings name a rate.
  private func offeredRate() async throws -> (Int, Measurement) {
    let bare = try await Drain(stage).bareRound()
    return (stage.settings.rate ?? max(1, Int((bare.jobsPerSecond ?? 4) / 4)), bare)
  }

  private func metered(_ body: () async throws -> Measurement) async throws -> Measurement {
    OwnProcess.forgetPeak()
    let before = try await stage.meter.settledCounters()
    var result = try await body()
    result.add(before, try await stage.meter.settledCounters())
    return result
  }

  private func ong(_ plan: OpenLoop) async throws -> Measurement {
    let arrivals = Arrivals()
    let workers = OngWorkers(
      stage,
      OngWorkers.registry(stage.settings, readsNumber: true) { number, _ in arrivals.note(number) })
    try await stage.resume()
    return try await workers.running {
      try await workers.asleep()
      let pool = producerPool
      let queue = JobQueue(pool: pool, schema: stage.scratch.name)
      let connections = try await stage.meter.workerConnections()
      let start = stage.meter.stopwatch
      let payloads = NoOp.Factory(size: stage.settings.payloadBytes)
      try await produce(plan, from: start.at) { piece in
        let jobs = NoOps(piece, payloads) { start.at + plan.intended($0) }
        if piece.count < Self.smallestCopy {
          try await queue.enqueueMany(Array(jobs))
        } else {
          try await queue.enqueueBulk(jobs)
        }
      }
      try await workers.settled(plan.jobs)
      var result = Measurement(jobs: plan.jobs, from: start, to: stage.meter.stopwatch)
      result.latency = arrivals.latency.summary
      result.connections = connections
      await pool.close()
      return result
    }
  }

  /// A connection for each producer.
  private var producerPool: ConnectionPool {
    var configuration = stage.scratch.configuration
    configuration.applicationName = "ong bench producer"
    return ConnectionPool(configuration, size: stage.settings.producers)
  }

  /// Has the producers send in pieces what is due, until all of the plan is sent.
  private func produce(
    _ plan: OpenLoop, from start: Int64,
    _ send: @escaping @Sendable (Range<Int>) async throws -> Void
  ) async throws {
    let sent = PlanProgress(plan)
    try await withThrowingTaskGroup { group in
      for _ in 0..<stage.settings.producers {
        group.addTask {
          while !sent.isDone {
            let began = MonotonicClock.nanoseconds
            if let piece = sent.take(at: began - start, upTo: Self.largestPiece) {
              try await send(piece)
            }
            let spent = Duration.nanoseconds(MonotonicClock.nanoseconds - began)
            if spent < Self.tick { try await Task.sleep(for: Self.tick - spent) }
          }
        }
      }
      try await group.waitForAll()
    }
  }

  /// The yardstick gets three times the plan's time; what it has not done by then does not count.
  private func classic(_ plan: OpenLoop) async throws -> Measurement {
    try await ClassicQueue.with(stage) { classic in
      let pool = producerPool
      let start = stage.meter.stopwatch
      let arrivals = Arrivals()
      let end = start.at + plan.intended(plan.jobs) * 3
      let payloads = NoOp.Factory(size: stage.settings.payloadBytes)
      async let consumed = consume(classic, plan.jobs, until: end, arrivals)
      try await produce(plan, from: start.at) { piece in
        if MonotonicClock.nanoseconds > end { return }
        _ = try await pool.withConnection {
          try await $0.copyIn(
            "copy classic_job (kind, payload) from stdin (format binary)",
            BinaryCopy(columns: 2, rows: piece) {
              [NoOp.kind, JSONText(payloads.json(start.at + plan.intended($0)))]
            })
        }
      }
      var result = Measurement(jobs: try await consumed, from: start, to: stage.meter.stopwatch)
      result.latency = arrivals.latency.summary
      result.connections = 1
      await pool.close()
      return result
    }
  }

  private func consume(
    _ classic: ClassicQueue, _ jobs: Int, until end: Int64, _ arrivals: Arrivals
  ) async throws -> Int {
    var finished: [Int64] = []
    var done = 0
    while done < jobs, MonotonicClock.nanoseconds < end {
      let rows = try await classic.round(claiming: stage.settings.batch, finishing: finished)
      for number in rows.numbers(column: 2) { arrivals.note(number) }
      finished = rows.ids(column: 0)
      done += rows.count
      if rows.count == 0 { try await Task.sleep(for: .milliseconds(2)) }
    }
    if !finished.isEmpty { _ = try await classic.round(claiming: 0, finishing: finished) }
    return done
  }
}

/// How much of a plan is sent, for producers that share it.
private final class PlanProgress: Sendable {
  private let plan: OpenLoop
  private let sent = Mutex(0)

  init(_ plan: OpenLoop) { self.plan = plan }

  var isDone: Bool { sent.withLock { $0 >= plan.jobs } }

  /// The jobs that are due and not sent yet, for the caller to send; nil if there are none.
  func take(at elapsed: Int64, upTo limit: Int) -> Range<Int>? {
    sent.withLock { sent in
      let due = plan.due(at: elapsed)
      guard due > sent else { return nil }
      let piece = sent..<min(due, sent + limit)
      sent = piece.upperBound
      return piece
    }
  }
}

/// What handlers tell of jobs whose number is the time at which they were meant to be sent.
private struct Arrivals: Sendable {
  let latency = LatencyRecorder()

  func note(_ intended: Int64) {
    latency.record(nanoseconds: MonotonicClock.nanoseconds - intended)
  }
}
