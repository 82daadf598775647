import JobQueue
import LibpqClient

/// Works off prefilled jobs: by the product, by its SQL alone, and by the classic table.
struct Drain: Sendable {
  let stage: Stage
  private var settings: BenchmarkSettings { stage.settings }

  init(_ stage: Stage) { self.stage = stage }

  /// All three in turns, as often as the settings say; the medians.
  func compared(
    _ name: String, jobs: Int? = nil, bare: Bool = true, yardstick: Bool = true,
    fill: (@Sendable (Int) async throws -> Void)? = nil
  ) async throws -> Comparison {
    let jobs = jobs ?? settings.jobs
    let fill = fill ?? { try await OngFill(stage: stage)(jobs: $0) }
    var rounds: (ong: [Measurement], bare: [Measurement], classic: [Measurement]) = ([], [], [])
    for _ in 0..<settings.rounds {
      if bare {
        rounds.bare.append(try await measured(jobs, fill: fill) { try await self.bare(jobs) })
      }
      rounds.ong.append(try await measured(jobs, fill: fill) { try await ong(jobs) })
      if yardstick { rounds.classic.append(try await classic(jobs)) }
    }
    let result = Measurement.median(rounds.ong) ?? Measurement(jobs: 0, seconds: 0)
    return Comparison(
      name, ong: result, yardstick: .median(rounds.classic), bare: .median(rounds.bare))
  }

  /// WAL counts from the fill on, for that is what a job costs; the rest belongs to the drain.
  func measured(
    _ jobs: Int, fill: (Int) async throws -> Void, _ drain: () async throws -> Measurement
  ) async throws -> Measurement {
    let empty = try await stage.meter.counters()
    try await fill(jobs)
    let filled = try await stage.meter.counters()
    OwnProcess.forgetPeak()
    let before = try await stage.meter.settledCounters()
    var result = try await drain()
    result.add(before, try await stage.meter.settledCounters())
    result.walBytes = result.walBytes.map { $0 + filled.wal - empty.wal }
    return result
  }

  /// The product's workers, which wait until the queue is opened.
  func ong(_ jobs: Int) async throws -> Measurement {
    try await stage.queue.pauseQueue(NoOp.queue)
    let signal = StartSignal()
    let workers = OngWorkers(
      stage, OngWorkers.registry(settings) { _, id in signal.note(id) })
    return try await workers.running {
      try await workers.asleep()
      let connections = try await stage.meter.workerConnections()
      let start = stage.meter.stopwatch
      signal.open()
      try await stage.queue.resumeQueue(NoOp.queue)
      try await workers.settled(jobs)
      let end = stage.meter.stopwatch
      var result = Measurement(jobs: jobs, from: start, to: end, startedAt: signal.firstAt)
      result.latency = signal.latency.summary
      result.connections = connections
      return result
    }
  }

  private func bare(_ jobs: Int) async throws -> Measurement {
    try await BareQueue.with(stage) { bare in
      try await timed(jobs, on: stage.meter, connections: 1) {
        try await bare.drain(batch: settings.batch, latency: $0, since: $1)
      }
    }
  }

  private func classic(_ jobs: Int) async throws -> Measurement {
    try await measured(jobs, fill: fillClassic) {
      try await ClassicQueue.with(stage) { classic in
        try await timed(jobs, on: stage.meter, connections: 1) {
          try await classic.drain(batch: settings.batch, latency: $0, since: $1)
        }
      }
    }
  }

  private func fillClassic(_ jobs: Int) async throws {
    try await ClassicQueue.with(stage) { classic in
      try await classic.make()
      try await classic.fill(jobs: jobs, payloadBytes: settings.payloadBytes)
    }
  }

  private func timed(
    _ jobs: Int, on meter: Meter, connections: Int,
    _ drain: (LatencyRecorder, Int64) async throws -> Int
  ) async throws -> Measurement {
    let latency = LatencyRecorder()
    let start = meter.stopwatch
    let done = try await drain(latency, start.at)
    guard done == jobs else {
      throw BenchmarkStalled(what: "expected \(jobs) jobs to be drained, got: \(done)")
    }
    var result = Measurement(jobs: jobs, from: start, to: meter.stopwatch)
    result.latency = latency.summary
    result.connections = connections
    return result
  }
}
