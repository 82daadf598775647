import JobQueue
import LibpqClient
import Logging

/// The same drain in front of nothing, of a long log, and beside many deferred jobs. Each part has a
/// database of its own, so that none inherits the other's pages.
struct BacklogRun: Sendable {
  private let stage: Stage
  private let server: ConnectionConfiguration

  init(_ stage: Stage, on server: ConnectionConfiguration) {
    self.stage = stage
    self.server = server
  }

  func measure() async throws -> RunOutcome {
    let empty = try await Drain(stage).rounds().compared("empty")
    var parts = [empty]
    for size in stage.settings.backlog {
      parts.append(
        try await stage.anew(on: server) { stage in
          try await fill(size, in: stage)
          return try await Drain(stage).rounds(limit: stage.settings.jobs)
            .compared("waiting_\(size)")
        })
    }
    let deferred = stage.settings.deferred
    if deferred > 0 {
      parts.append(
        try await stage.anew(on: server) { stage in
          try await deferJobs(deferred, in: stage)
          return try await Drain(stage).rounds().compared("deferred_\(deferred)")
        })
    }
    for index in parts.indices { parts[index].details += costs(parts[index], empty) }
    return RunOutcome(
      parts: parts, headline: parts.count - 1,
      conditions: [
        ("backlog", .numbers(stage.settings.backlog)), ("deferred", .number(deferred)),
      ])
  }

  private func costs(
    _ part: Comparison, _ empty: Comparison
  ) -> [(name: String, value: Double?)] {
    func ratio(_ ours: Measurement?, _ theirs: Measurement?) -> Double? {
      guard let ours = ours?.jobsPerSecond, let theirs = theirs?.jobsPerSecond else { return nil }
      return ours / theirs
    }
    return [
      ("ratio_to_empty", ratio(part.ong, empty.ong)),
      ("bare_ratio_to_empty", ratio(part.bare, empty.bare)),
      ("yardstick_ratio_to_empty", ratio(part.yardstick, empty.yardstick)),
    ]
  }

  /// What waits, and what the rounds will take away before it.
  private func fill(_ size: Int, in stage: Stage) async throws {
    stage.logger.info("filling", metadata: ["waiting": "\(size)"])
    let settings = stage.settings
    try await OngFill(stage: stage)(jobs: size + 2 * settings.rounds * settings.jobs)
    try await Drain(stage).fillClassic(size + settings.rounds * settings.jobs, isNew: true)
  }

  /// Jobs for the next month, written as a producer's call would, by one statement of the server.
  private func deferJobs(_ count: Int, in stage: Stage) async throws {
    stage.logger.info("filling", metadata: ["deferred": "\(count)"])
    let schema = stage.scratch.name
    try await stage.connection.query(
      """
      insert into \(schema).deferred (id, lane, attempt, crashes, enqueued_at, kind, payload, state,
                                      run_at)
      select nextval('\(schema).job_id'), q.id * 4 + 2, 1, 0, now(), $1, $2, 'scheduled',
        now() + interval '1 day' + random() * interval '30 days'
      from generate_series(1, $3::bigint), \(schema).queue q where q.name = $4
      """,
      [
        NoOp.kind, JSONText(NoOp.Factory(size: stage.settings.payloadBytes).json(123_456)),
        Int64(count), NoOp.queue,
      ], timeout: ScratchDatabase.patience)
    try await stage.connection.query("analyze \(schema).deferred")
  }
}
