import JobQueue
import LibpqClient

/// The same jobs spread over one queue and over many, all served by each worker. A part has a database
/// of its own.
struct QueuesRun: Sendable {
  private let stage: Stage
  private let server: ConnectionConfiguration

  init(_ stage: Stage, on server: ConnectionConfiguration) {
    self.stage = stage
    self.server = server
  }

  func measure() async throws -> RunOutcome {
    let reference = try await Drain(stage).rounds().compared("one_queue")
    var parts = [reference]
    for count in stage.settings.queues where count > 1 {
      let names = (1...count).map { "bench_\($0)" }
      let measured = try await stage.anew(on: server, queues: names) { stage in
        try await Drain(stage).product { try await fill($0, in: stage) }
      }
      var part = Comparison(
        "queues_\(count)", ong: measured, yardstick: reference.yardstick, bare: reference.bare)
      let ratio = measured.jobsPerSecond.flatMap { ours in
        reference.ong.jobsPerSecond.map { ours / $0 }
      }
      part.details.append(("ratio_to_one_queue", ratio))
      parts.append(part)
    }
    return RunOutcome(
      parts: parts, headline: parts.count - 1,
      conditions: [("queues", .numbers(stage.settings.queues))])
  }

  /// The jobs in turns of the queues, written by one statement of the server.
  private func fill(_ jobs: Int, in stage: Stage) async throws {
    let schema = stage.scratch.name
    try await stage.connection.query(
      """
      insert into \(schema).job (segment, lane, kind, payload)
      select t.segment, q.id * 4 + 2, $1, $2
      from \(stage.sql("copy_target"))(($4::text[])[1]) t, generate_series(1, $3::bigint) number
      join (select id, row_number() over (order by id) - 1 place from \(schema).queue
            where name = any ($4)) q on q.place = number % $5
      """,
      [
        NoOp.kind, JSONText(NoOp.Factory(size: stage.settings.payloadBytes).json(123_456)),
        Int64(jobs), stage.queues, Int64(stage.queues.count),
      ], timeout: ScratchDatabase.patience)
  }
}
