import JobQueue
import LibpqClient
import Logging

/// Works off prefilled jobs: by the product, by its SQL alone, and by the classic table.
struct Drain: Sendable {
  let stage: Stage
  /// The classic table stays from round to round, with what is dead in it.
  var keepsTable = false

  private var settings: BenchmarkSettings { stage.settings }

  init(_ stage: Stage, keepsTable: Bool = false) {
    self.stage = stage
    self.keepsTable = keepsTable
  }

  /// The figures of each round.
  struct Rounds {
    var ong: [Measurement] = []
    var bare: [Measurement] = []
    var classic: [Measurement] = []

    func compared(_ name: String) -> Comparison {
      Comparison(
        name, ong: .median(ong) ?? Measurement(jobs: 0, seconds: 0),
        yardstick: .median(classic), bare: .median(bare))
    }
  }

  /// The product, its SQL alone and the classic table in turns, as often as the settings say.
  ///
  /// - Parameters:
  ///   - limit: stops after so many jobs of those that wait, which are not filled in then.
  ///   - fill: puts jobs into the queue. Default: by COPY.
  func rounds(
    jobs: Int? = nil, limit: Int? = nil, fill: (@Sendable (Int) async throws -> Void)? = nil
  ) async throws -> Rounds {
    let jobs = limit ?? jobs ?? settings.jobs
    let fill = fill ?? OngFill(stage: stage).callAsFunction(jobs:)
    var rounds = Rounds()
    let filled = limit == nil ? jobs : 0
    for round in 0..<settings.rounds {
      stage.logger.info(
        "draining", metadata: ["jobs": "\(jobs)", "round": "\(round + 1) of \(settings.rounds)"])
      rounds.bare.append(try await measured(filled, fill: fill) { try await bare(jobs) })
      rounds.ong.append(
        try await measured(filled, fill: fill) { try await ong(jobs, isPart: limit != nil) })
      let fillTable = { try await fillClassic($0, isNew: round == 0 || !keepsTable) }
      rounds.classic.append(
        try await measured(filled, fill: fillTable) { try await classic(jobs) })
    }
    return rounds
  }

  /// The product alone, as often as the settings say; the median.
  func product(fill: @Sendable (Int) async throws -> Void) async throws -> Measurement {
    var rounds: [Measurement] = []
    for _ in 0..<settings.rounds {
      rounds.append(
        try await measured(settings.jobs, fill: fill) {
          try await ong(settings.jobs, isPart: false)
        })
    }
    return .median(rounds) ?? Measurement(jobs: 0, seconds: 0)
  }

  /// One drain by the product's SQL alone, for runs that are measured against it.
  func bareRound() async throws -> Measurement {
    let fill = OngFill(stage: stage).callAsFunction(jobs:)
    return try await measured(settings.jobs, fill: fill) { try await bare(settings.jobs) }
  }

  /// WAL counts from the fill on, for that is what a job costs; the rest belongs to the drain.
  private func measured(
    _ jobs: Int, fill: (Int) async throws -> Void, _ drain: () async throws -> Measurement
  ) async throws -> Measurement {
    let empty = try await stage.meter.counters()
    if jobs > 0 { try await fill(jobs) }
    let filled = try await stage.meter.counters()
    OwnProcess.forgetPeak()
    let before = try await stage.meter.settledCounters()
    var result = try await drain()
    result.add(before, try await stage.meter.settledCounters())
    result.walBytes = result.walBytes.map { $0 + filled.wal - empty.wal }
    return result
  }

  /// The product's workers, which wait until the queue is opened.
  ///
  /// - Parameter isPart: more jobs wait, which are left alone.
  private func ong(_ jobs: Int, isPart: Bool) async throws -> Measurement {
    try await stage.pause()
    let signal = StartSignal()
    if settings.processes > 0 {
      return try await drained(by: try WorkerProcesses(stage), signal) { workers in
        try await workers.settled(jobs)
        return (jobs, stage.meter.stopwatch)
      }
    }
    let workers = OngWorkers(stage, OngWorkers.registry(settings) { _, id in signal.note(id) })
    return try await drained(by: workers, signal) { workers in
      if isPart { return try await workers.reached(jobs) }
      try await workers.settled(jobs)
      return (jobs, stage.meter.stopwatch)
    }
  }

  /// Opens the queue to workers that are at rest.
  ///
  /// - Parameter work: waits until enough is done; how much, and the look at the clock of that moment.
  private func drained<Workers: DrainWorkers>(
    by workers: Workers, _ signal: StartSignal,
    _ work: @escaping @Sendable (Workers) async throws -> (jobs: Int, at: Meter.Stopwatch)
  ) async throws -> Measurement {
    try await workers.running {
      try await workers.asleep()
      let connections = try await stage.meter.workerConnections()
      let (start, before) = (stage.meter.stopwatch, workers.elsewhere)
      signal.open()
      try await stage.resume()
      let (done, end) = try await work(workers)
      var result = Measurement(jobs: done, from: start, to: end, startedAt: signal.firstAt)
      result.add(before, workers.elsewhere)
      result.latency = signal.latency.summary
      result.connections = connections
      return result
    }
  }

  private func bare(_ jobs: Int) async throws -> Measurement {
    try await BareQueue.with(stage) { bare in
      try await timed(jobs) {
        try await bare.drain(batch: settings.batch, limit: jobs, latency: $0, since: $1)
      }
    }
  }

  private func classic(_ jobs: Int) async throws -> Measurement {
    try await ClassicQueue.with(stage) { classic in
      try await timed(jobs) {
        try await classic.drain(batch: settings.batch, limit: jobs, latency: $0, since: $1)
      }
    }
  }

  func fillClassic(_ jobs: Int, isNew: Bool) async throws {
    try await ClassicQueue.with(stage) { classic in
      if isNew { try await classic.make() }
      try await classic.fill(jobs: jobs, payloadBytes: settings.payloadBytes)
    }
  }

  private func timed(
    _ jobs: Int, _ drain: (LatencyRecorder, Int64) async throws -> Int
  ) async throws -> Measurement {
    let latency = LatencyRecorder()
    let start = stage.meter.stopwatch
    let done = try await drain(latency, start.at)
    guard done >= jobs else {
      throw BenchmarkStalled(what: "expected \(jobs) jobs to be drained, got: \(done)")
    }
    var result = Measurement(jobs: done, from: start, to: stage.meter.stopwatch)
    result.latency = latency.summary
    result.connections = 1
    return result
  }
}
