import Foundation
import JobQueueTesting
import LibpqClient

/// Random workflows: DAGs with waits and batches, some of which are cancelled or retried as a whole.
extension Stress {
  /// Makes a workflow in the producer's transaction. Its jobs are recorded at the end (`recordSteps`).
  func startWorkflow(_ connection: Connection, _ random: inout SeededGenerator) async throws {
    if Int.random(in: 0..<3, using: &random) == 0 {
      return try await startBatch(connection, &random)
    }
    var steps: [String] = []
    for number in 0..<Int.random(in: 2...9, using: &random) {
      let needs = (0..<number).filter { _ in Int.random(in: 0..<2, using: &random) == 0 }
      let after = needs.map { need in
        let when = Int.random(in: 0..<4, using: &random) == 0 ? "settled" : "succeeded"
        return #"{"step": "s\#(need)", "when": "\#(when)"}"#
      }.joined(separator: ",")
      let task =
        // The first is a job: a workflow of waits alone may end before its signal is sent.
        switch number == 0 ? 7 : Int.random(in: 0..<8, using: &random) {
        case 0: #""signal": "s", "deadline_ms": 100, "on_deadline": "continue""#
        case 1: #""signal": "e", "event_key": "1", "deadline_ms": 100, "on_deadline": "continue""#
        default: #""kind": "k", "queue": "\#(Self.queues.randomElement(using: &random)!)""#
        }
      steps.append(#"{"name": "s\#(number)", "after": [\#(after)], \#(task)}"#)
    }
    let id = try await connection.query(
      "select create_workflow('dag', $1)", [JSONText("[" + steps.joined(separator: ",") + "]")]
    )[0, 0].decode(Int64.self)
    if Bool.random(using: &random) {
      try await connection.query("select send_signal($1, 's', '1')", [id])
    }
    if Int.random(in: 0..<4, using: &random) == 0 {
      try await connection.query("select send_event('e', '1', '1')")
    }
  }

  private func startBatch(_ connection: Connection, _ random: inout SeededGenerator) async throws {
    let id = try await connection.query(
      "select create_batch('batch', $1)",
      [
        JSONText(
          """
          {"settled": {"kind": "k", "queue": "mail"}, "succeeded": {"kind": "k", "queue": "mail"},
           "failed": {"kind": "k", "queue": "mail"}}
          """)
      ])[0, 0].decode(Int64.self)
    for _ in 0..<Int.random(in: 0...3, using: &random) {
      try await connection.query(
        "select add_members($1, $2, 'k', array_fill('{}'::jsonb, array[$3::int]))",
        [
          id, Self.queues.randomElement(using: &random)!,
          Int32([1, 5, 40].randomElement(using: &random)!),
        ])
    }
    try await connection.query("select seal_batch($1)", [id])
  }

  /// Now and then cancels or retries a workflow, while its jobs run.
  func operateWorkflows(_ connection: Connection, _ random: inout SeededGenerator) async throws {
    try await connection.query("select settle_waits()")
    guard Int.random(in: 0..<8, using: &random) == 0 else { return }
    let act = Bool.random(using: &random) ? "cancel_workflow" : "retry_workflow"
    let state = act == "cancel_workflow" ? "running" : "failed"
    let found = try await connection.query(
      "select id from workflow where state = $1 order by random() limit 1", [state])
    guard let id = try found.first?[0].decode(Int64.self) else { return }
    do {
      try await connection.query("select \(act)($1)", [id])
    } catch let error as DatabaseError where error.sqlState == "OG009" {
      // It has ended, or was retried by retry_dead, meanwhile.
    }
  }

  /// What workflows have enqueued, so that the checker knows every job.
  func recordSteps(_ connection: Connection) async throws {
    let rows = try await connection.query(
      """
      select job from step where job is not null
      union all
      select (b.block << 10) + i from member_block b, generate_series(0, 1023) i
      where get_bit(b.bits, i) = 1
      """)
    history.record(.enqueued(ids: try rows.map { try $0[0].decode(Int64.self) }))
  }
}
