import JobQueue
import LibpqClient

/// The same drain without limits, and under limits that are wide enough not to bind: what is measured is
/// what it costs to keep them. Keys that are first in, first out bind by their nature.
struct LimitsRun: Sendable {
  /// Keys that wait for each other are slower than all else here; their rate is seen from fewer jobs.
  private static let mostKeyedJobs = 20_000

  private let stage: Stage
  private var settings: BenchmarkSettings { stage.settings }

  private var keyedJobs: Int { min(settings.jobs, Self.mostKeyedJobs) }

  init(_ stage: Stage) { self.stage = stage }

  func measure() async throws -> RunOutcome {
    let wide = 4 * settings.batch * settings.workers
    var parts = [
      try await drained("unlimited", QueueLimits()),
      try await drained("max_running", QueueLimits(maxRunning: min(wide, 1_000_000))),
      try await drained(
        "rate", QueueLimits(rate: .init(1_000_000, per: .seconds(1), burst: 1_000_000))),
      try await drained("fifo_keys", QueueLimits(keyOrder: .fifo), jobs: keyedJobs) {
        try await fillWithKeys($0)
      },
    ]
    let unlimited = parts[0].ong.jobsPerSecond
    for index in parts.indices {
      parts[index].details.append(
        (
          "ratio_to_unlimited",
          parts[index].ong.jobsPerSecond.flatMap { ours in
            unlimited.map { ours / $0 }
          }
        ))
    }
    return RunOutcome(
      parts: parts, headline: 1,
      conditions: [
        ("keys", .number(settings.keys)), ("keyed_jobs", .number(keyedJobs)),
        ("max_running", .number(wide)),
      ])
  }

  private func drained(
    _ name: String, _ limits: QueueLimits, jobs: Int? = nil,
    fill: (@Sendable (Int) async throws -> Void)? = nil
  ) async throws -> Comparison {
    try await stage.queue.setLimits(limits, of: NoOp.queue)
    let part = try await Drain(stage).rounds(jobs: jobs, fill: fill).compared(name)
    try await stage.queue.setLimits(QueueLimits(), of: NoOp.queue)
    return part
  }

  /// Jobs of each key in turn, 1000 in a call.
  private func fillWithKeys(_ jobs: Int) async throws {
    let payloads = NoOp.Factory(size: settings.payloadBytes)
    for piece in (0..<jobs).pieces(of: 1000) {
      try await stage.connection.query(
        """
        select count(*) from \(stage.sql("enqueue_many"))(
          $1, $2, $3::text[]::jsonb[], p_keys => $4)
        """,
        [
          NoOp.queue, NoOp.kind, piece.map { payloads.json(Int64($0)) },
          piece.map { "key \($0 % settings.keys)" },
        ])
    }
  }
}
