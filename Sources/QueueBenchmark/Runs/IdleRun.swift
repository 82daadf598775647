import LibpqClient

/// A worker with nothing to do, next to one that asks a classic table each second and listens.
///
/// Sessions hand in their statistics when they end, so two lives are compared, one longer by the time
/// that is measured: the difference is what idling costs.
struct IdleRun: Sendable {
  /// For the last questions of a worker that has just run out of work.
  private static let rest = Duration.seconds(2)

  private let stage: Stage
  private let seconds: Double

  init(_ stage: Stage) {
    self.stage = stage
    seconds = stage.settings.seconds ?? 10
  }

  func measure() async throws -> RunOutcome {
    let ong = try await idle { try await self.ong(idling: $0) }
    try await Drain(stage).fillClassic(0, isNew: true)
    let classic = try await idle { try await self.classic(idling: $0) }
    return RunOutcome(
      parts: [
        Comparison(
          "idle", ong: ong.usage, yardstick: classic.usage,
          details: ong.details("") + classic.details("yardstick_"))
      ], conditions: [("seconds", .fraction(seconds))])
  }

  private struct Idling {
    var usage: Measurement
    var wakeUps: Int

    func details(_ prefix: String) -> [(name: String, value: Double?)] {
      [
        ("queries_per_second", usage.commits.map { Double($0) / usage.seconds }),
        ("wakeups_per_second", Double(wakeUps) / usage.seconds),
        ("client_cpu_percent", usage.clientCPU.map { $0 * 100 / usage.seconds }),
        ("server_cpu_percent", usage.serverCPU.map { $0 * 100 / usage.seconds }),
        ("wal_bytes_per_second", usage.walBytes.map { Double($0) / usage.seconds }),
        ("dead_tuples_per_second", usage.deadTuples.map { Double($0) / usage.seconds }),
      ].map { (prefix + $0.0, $0.1) }
    }
  }

  private func idle(_ live: (Duration) async throws -> Idling) async throws -> Idling {
    let short = try await metered { try await live(.zero) }
    var long = try await metered { try await live(.seconds(seconds)) }
    func more(_ key: (Measurement) -> Int64?) -> Int64? {
      key(long.usage).flatMap { long in key(short.usage).map { max(0, long - $0) } }
    }
    let (commits, wal, dead) = (more(\.commits), more(\.walBytes), more(\.deadTuples))
    long.usage.commits = commits
    long.usage.walBytes = wal
    long.usage.deadTuples = dead
    return long
  }

  private func metered(_ live: () async throws -> Idling) async throws -> Idling {
    OwnProcess.forgetPeak()
    let before = try await stage.meter.settledCounters()
    var result = try await live()
    result.usage.add(before, try await stage.meter.settledCounters())
    return result
  }

  private func ong(idling time: Duration) async throws -> Idling {
    let workers = OngWorkers(stage, OngWorkers.registry(stage.settings) { _, _ in })
    return try await workers.running {
      try await workers.asleep()
      try await Task.sleep(for: Self.rest)
      let connections = try await stage.meter.workerConnections()
      return try await watched(connections: connections) { try await Task.sleep(for: time) }
    }
  }

  private func classic(idling time: Duration) async throws -> Idling {
    try await ClassicQueue.with(stage) { classic in
      let listener = try await stage.scratch.connect(as: "ong bench classic")
      _ = try await listener.listen("classic_wake")
      let end = ContinuousClock.now + time
      let result = try await watched(connections: 2) {
        while .now < end {
          _ = try await classic.round(claiming: stage.settings.batch, finishing: [])
          try await Task.sleep(for: min(.seconds(1), max(.zero, end - .now)))
        }
      }
      await listener.close()
      return result
    }
  }

  private func watched(
    connections: Int, _ body: () async throws -> Void
  ) async throws -> Idling {
    let start = stage.meter.stopwatch
    try await body()
    let end = stage.meter.stopwatch
    var usage = Measurement(jobs: 0, from: start, to: end)
    usage.connections = connections
    return Idling(usage: usage, wakeUps: end.wakeUps - start.wakeUps)
  }
}
