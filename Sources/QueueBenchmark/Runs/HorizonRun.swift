import LibpqClient

/// Drain and latency, first free, then while a REPEATABLE READ transaction and an idle writer are held
/// open: nothing that dies meanwhile can be vacuumed.
struct HorizonRun: Sendable {
  private let stage: Stage

  init(_ stage: Stage) { self.stage = stage }

  func measure() async throws -> RunOutcome {
    let free = try await parts("free")
    let held = try await holding { try await parts("held") }
    return RunOutcome(parts: held.drain(over: free) + [free.drained, free.latency])
  }

  private struct Parts {
    var drained: Comparison
    var latency: Comparison
    var rounds: Drain.Rounds

    /// With what the horizon has cost, and the last round of all, which has the most dead rows.
    func drain(over free: Parts) -> [Comparison] {
      var drained = drained
      drained.details += [
        ("ratio_to_free", ratio(drained.ong, free.drained.ong)),
        ("last_round_ratio_to_free", ratio(rounds.ong.last, free.drained.ong)),
        ("yardstick_ratio_to_free", ratio(drained.yardstick, free.drained.yardstick)),
        ("yardstick_last_round_ratio_to_free", ratio(rounds.classic.last, free.drained.yardstick)),
      ]
      return [drained, latency]
    }

    private func ratio(_ ours: Measurement?, _ theirs: Measurement?) -> Double? {
      guard let ours = ours?.jobsPerSecond, let theirs = theirs?.jobsPerSecond else { return nil }
      return ours / theirs
    }
  }

  private func parts(_ name: String) async throws -> Parts {
    let rounds = try await Drain(stage, keepsTable: true).rounds()
    return Parts(
      drained: rounds.compared("drain_\(name)"),
      latency: try await LatencyRun(stage).compared("latency_\(name)"), rounds: rounds)
  }

  private func holding<T>(_ body: () async throws -> T) async throws -> T {
    let reader = try await stage.scratch.connect(as: "ong bench held reader")
    let writer = try await stage.scratch.connect(as: "ong bench held writer")
    // Committed before: both transactions see it, and one of them has a number of its own.
    try await reader.execute(script: "begin isolation level repeatable read; select 1")
    try await writer.execute(script: "begin; select pg_current_xact_id()")
    do {
      let value = try await body()
      await reader.close()
      await writer.close()
      return value
    } catch {
      await reader.close()
      await writer.close()
      throw error
    }
  }
}
