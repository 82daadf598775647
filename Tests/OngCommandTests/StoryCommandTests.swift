import Foundation
import JobQueue
import LibpqClient
import Testing

/// `ong jobs show` and `ong queues` as a person reads them.
@Suite struct StoryCommandTests {
  private func show(_ ong: BuiltCommand, _ id: Int64) async throws -> [String: String] {
    let shown = try await ong.run("jobs", "show", "\(id)")
    #expect(shown.status == 0, "\(shown.errors)")
    let facts = shown.output.split(separator: "\n").prefix { $0 != "What happened" }
      .compactMap { $0.wholeMatch(of: /(.+?)  +(.+)/) }
    return Dictionary(facts.map { (String($0.1), String($0.2)) }) { first, _ in first }
  }

  @Test(
    "A running job shows its progress, checkpoint, limits, the others of its key and its crashes")
  func running() async throws {
    try await BuiltCommand.withQueue { ong, queue in
      try await queue.createQueue("mail")
      try await queue.setLimits(
        QueueLimits(maxRunning: 3, keyOrder: .fair, maxRunningPerKey: 2), of: "mail")
      let ids = try await queue.enqueueKeyed(3)
      try await queue.pool.withConnection { connection in
        let worker = UUID()
        try await connection.execute(
          script: """
            set search_path = ong;
            select register_worker('\(worker)', 'host', 1, 'v', 4, array['mail'], array['letter']);
            update keyed set crashes = 1;
            select * from claim('\(worker)', 1, 'mail', 2);
            update held set crashes = 2;
            select report_progress('\(worker)', 1, jsonb_build_array(jsonb_build_object('lane', lane,
              'seq', seq, 'id', id, 'attempt', 1, 'fraction', 0.375, 'note', 'page 3 of 8')))
              from held where id = \(ids[0]);
            select save_checkpoint('\(worker)', 1, lane, seq, id, 1::smallint, '{"page": 3}')
              from held where id = \(ids[0]);
            """)
      }
      let facts = try await show(ong, ids[0])
      #expect(facts["state"]?.hasPrefix("running: for ") == true)
      #expect(facts["progress"]?.hasPrefix("37 %, page 3 of 8, attempt 1, ") == true)
      #expect(facts["checkpoint"]?.hasPrefix("of attempt 1, ") == true)
      #expect(facts["limits of its queue"] == "3 at a time; keys fair; 2 of a key at a time")
      #expect(facts["key runs"] == "\(ids[1])")
      #expect(facts["crashes"] == "2: a suspect, which runs alone")
      #expect(try await show(ong, ids[2])["key runs"] == "\(ids[0]), \(ids[1])")
      #expect(facts["result"] == nil)
    }
  }

  @Test("A job shows its place in a workflow, the schedule and tick it is of, and its result")
  func origins() async throws {
    try await BuiltCommand.withQueue { ong, queue in
      try await queue.createQueue("mail")
      let step: Int64 = try await queue.pool.withConnection { connection in
        try await connection.execute(
          script: """
            set search_path = ong;
            select create_workflow('letters', '[{"name": "write", "kind": "letter", "queue": "mail"},
              {"name": "send", "kind": "letter", "queue": "mail", "after": ["write"]}]');
            select put_schedule('nightly', '@daily', 'mail', 'letter');
            """)
        return try await connection.query("select job from ong.step where name = 'write'")[0, 0]
          .decode()
      }
      let facts = try await show(ong, step)
      #expect(facts["workflow"]?.contains("letters, running: step write, needed by send") == true)
      _ = try await queue.pool.query(
        "insert into ong.job_result (id, result) values ($1, '{\"pages\": 12}')", [step])
      #expect(try await show(ong, step)["result"] == #"{"pages": 12}"#)

      let byHand = try await queue.runScheduleNow("nightly")
      #expect(try await show(ong, byHand)["schedule"] == "nightly, run by hand")
      let fired = try await queue.pool.query(
        """
        select ong.enqueue('mail', 'letter',
          p_meta => '{"schedule": "nightly", "tick": "2026-03-01T02:00:00Z"}')
        """)[0, 0].decode(Int64.self)
      #expect(
        try await show(ong, fired)["schedule"]?.contains("nightly, tick 2026-03-01") == true)
    }
  }

  @Test("Queues show their back-pressure and whether they refuse now")
  func backpressure() async throws {
    try await BuiltCommand.withQueue { ong, queue in
      for name in ["free", "mail"] { try await queue.createQueue(name) }
      #expect(try await queue.queues().map(\.backpressure) == [nil, nil])
      try await queue.setBackpressure("mail", maxWaiting: 2, maxAge: .seconds(600))
      #expect(try await ong.run("queues").output.contains("up to 2 waiting or 10m 00s old"))
      for _ in 0..<2 { try await queue.enqueue(kind: "letter", json: "{}", queue: "mail") }
      #expect(try await ong.run("queues").output.contains("full: 2 waiting or 10m 00s old"))
      let shown = try await ong.run("queues", "show", "mail")
      #expect(shown.output.contains("back-pressure   full: 2 waiting or 10m 00s old"))
      let json = try await ong.run("queues", "show", "mail", "--json")
      #expect(json.output.contains(#""is_full" : true"#))
      try await queue.setBackpressure("mail", maxAge: .milliseconds(1))
      #expect(try await queue.queues().map(\.backpressure?.isFull) == [nil, true])
    }
  }
}

extension JobQueue {
  /// Jobs of one key.
  fileprivate func enqueueKeyed(_ count: Int) async throws -> [Int64] {
    try await pool.query(
      "select * from ong.enqueue_many('mail', 'letter', array_fill('{}'::jsonb, array[$1::int]), p_keys => array_fill('an'::text, array[$1::int]))",
      [Int32(count)]
    ).map { try $0[0].decode(Int64.self) }
  }
}
