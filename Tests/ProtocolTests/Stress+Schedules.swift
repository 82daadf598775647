import Foundation
import JobQueueTesting
import LibpqClient

// Schedulers: several fire the same schedules, and some give up in the middle.
extension Stress {
  /// Two schedules whose every tick must fire, one of them by way of a delay, and one that waits for
  /// its own jobs.
  func putSchedules(_ connection: Connection) async throws {
    for (name, options) in [
      ("beat", "p_catch_up => 'all', p_overlap => 'allow'"),
      ("late", "p_catch_up => 'all', p_overlap => 'allow', p_jitter => '30 ms'"),
      ("alone", "p_overlap => 'buffer_one'"),
    ] {
      try await connection.query(
        "select put_schedule($1, '* * * * * *', $2, 'k', \(options))",
        [name, Self.queues.randomElement()!])
    }
  }

  func fire(_ generator: SeededGenerator) async throws {
    var random = generator
    let connection = try await Connection.open(configuration)
    while isWorking {
      try await connection.execute(script: "begin")
      let rows = try await connection.query(
        "select schedule, date_part('epoch', tick)::bigint, id from fire_due()")
      if Int.random(in: 0..<4, using: &random) == 0 {
        try await connection.execute(script: "rollback")
      } else {
        if !rows.isEmpty { try await Task.sleep(for: .milliseconds(3)) }
        try await connection.execute(script: "commit")
        for row in rows {
          let id = try row[2].decode(Int64.self)
          history.record(.enqueued(ids: [id]))
          history.record(
            .fired(schedule: try row[0].decode(), tick: try row[1].decode(), id: id))
        }
      }
      try await Task.sleep(for: .milliseconds(Int.random(in: 1...8, using: &random)))
    }
    await connection.close()
  }
}
