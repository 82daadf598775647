import Foundation
import JobQueueTesting
import LibpqClient
import Testing

/// What a claim reads, whatever the planner knows: rows by the position index, and no more than it
/// returns. A sequential or bitmap scan shows up as rows read.
@Suite("Plan shape")
struct PlanTests {
  /// Rows of the log that one claim reads, and the sequential scans it does.
  struct Cost {
    let jobs: Int
    let rowsRead: Int64
    let sequentialScans: Int64
  }

  @Test("A claim on an empty log reads nothing but its read positions")
  func emptyLog() async throws {
    try await withQueueDatabase { configuration in
      let session = try await Session(configuration)
      let cost = try await costOfClaim(session, try await session.register(), limit: 100)
      #expect(cost.jobs == 0)
      // One for each band, which the first claim of a queue writes.
      #expect(cost.rowsRead == 4)
      #expect(cost.sequentialScans == 0)
    }
  }

  @Test("A claim reads what it returns: on a fresh log without statistics, and on a large one")
  func freshAndLargeLog() async throws {
    try await withQueueDatabase { configuration in
      let session = try await Session(configuration)
      let epoch = try await session.register()
      try await fill(session, 500)
      try await expectCheap(costOfClaim(session, epoch, limit: 100))
      try await fill(session, 200_000)
      try await expectCheap(costOfClaim(session, epoch, limit: 100))
      try await session.run("analyze")
      try await expectCheap(costOfClaim(session, epoch, limit: 100))
    }
  }

  @Test("Transactions that ran when a window began are looked up, not searched for in the lane")
  func lateWriters() async throws {
    try await withQueueDatabase { configuration in
      let (session, writer) = (try await Session(configuration), try await Session(configuration))
      let epoch = try await session.register()
      for jobs in [500, 100_000] {
        try await writer.run("begin; select pg_current_xact_id()")
        try await session.enqueue()
        try await session.settle(epoch, try #require(try await session.claim(epoch).first))
        try await fill(session, jobs)
        try await writer.run("commit")
        try await expectCheap(costOfClaim(session, epoch, limit: 100))
        while let claimed = try await session.claim(epoch, limit: 50_000).first {
          try await session.settle(epoch, claimed)
        }
      }
    }
  }

  @Test("A claim reads no more under a held horizon, and the journals have no dead rows")
  func heldHorizon() async throws {
    try await withQueueDatabase { configuration in
      let (session, reader) = (try await Session(configuration), try await Session(configuration))
      let writer = try await Session(configuration)
      try await reader.run("begin isolation level repeatable read; select 1")
      try await writer.run("begin; create temp table t (i int)")
      let epoch = try await session.register()
      try await fill(session, 30_000)
      for _ in 0..<50 {
        let jobs = try await session.claim(epoch, limit: 500)
        try await session.settle(epoch, jobs[0])
      }
      try await expectCheap(costOfClaim(session, epoch, limit: 100))
      try await session.run("select pg_stat_force_next_flush()")
      let dead: Int64 = try await session.value(
        "select sum(n_dead_tup)::bigint from pg_stat_user_tables where relname ~ '^(job|claim|closure)_'"
      )
      #expect(dead == 0)
    }
  }

  @Test("A long transaction's rows are jumped: a claim reads none of them, in any band")
  func longWriter() async throws {
    // Not the shared one: of the old transactions on a server only so many are jumped.
    let cluster = try await TestCluster.start()
    try await withQueueDatabase(on: cluster) { configuration in
      let (session, writer) = (try await Session(configuration), try await Session(configuration))
      let epoch = try await session.register()
      try await fill(session, 100)
      try await writer.run("begin")
      for band in 0...3 {
        try await writer.run(
          "select count(*) from enqueue_many('q', 'k', array_fill('{}'::jsonb, array[20000]), \(band)::smallint)"
        )
      }
      for _ in 0..<70 { try await session.enqueue() }
      try await session.settle(epoch, try #require(try await session.claim(epoch, limit: 70).first))
      // The writer's rows fill over 200 blocks of each band.
      #expect(try await blocksOfClaim(session, epoch, limit: 100) < 200)
      #expect(try await blocksOfClaim(session, epoch, limit: 100) < 200)
      try await writer.run("commit")
      #expect(try await session.claim(epoch, limit: 90_000).count == 80_000)
    }
    try await cluster.stop()
  }

  @Test(
    "The maintenance finds what is old, or due, through an index, however much is not",
    arguments: ["prune", "prune_results", "prune_unique_keys", "settle_waits"])
  func maintenance(_ step: String) async throws {
    try await withQueueDatabase { configuration in
      let session = try await Session(configuration)
      try await session.run(
        """
        insert into job_event (id, attempt, event) select i, 1, 'retried' from generate_series(1, 20000) i;
        insert into job_result (id, result)
          select i, to_jsonb(repeat('x', 60)) from generate_series(1, 20000) i;
        insert into unique_key (key, queue, id, scope, held_until)
          select i::text, q.id, i, 'window', clock_timestamp() + interval '1 hour'
          from queue q, generate_series(1, 20000) i;
        insert into workflow (name) select 'w' from generate_series(1, 100);
        insert into step (workflow, name, type, state, signal, deadline)
          select w.id, i::text, 'wait', 'released', 's', clock_timestamp() + interval '1 hour'
          from workflow w, generate_series(1, 200) i;
        select brin_summarize_new_values('job_event_by_time'),
          brin_summarize_new_values('job_result_by_time');
        analyze
        """)
      try await session.run("select \(step)()")  // planned
      // Each of the tables, or its index on the time, fills over 200 blocks.
      let blocks = try await session.blocks(of: "select \(step)()")
      #expect(blocks < 100, "\(blocks)")
    }
  }

  @Test("The first claim of a queue in a segment does not read the claims of all others")
  func firstClaim() async throws {
    try await withQueueDatabase { configuration in
      let session = try await Session(configuration)
      let epoch = try await session.register()
      try await session.run(
        """
        select count(create_queue('other ' || n)) from generate_series(1, 3000) n;
        select count(carry_to_head(id, head_segment())) from queue where name like 'other %';
        select create_queue('first')
        """)
      // A session's first claim of all also reads the catalog.
      _ = try await blocksOfClaim(session, epoch, limit: 1, from: "first")
      let blocks = try await blocksOfClaim(session, epoch, limit: 1)
      #expect(blocks < 200, "\(blocks)")
    }
  }

  /// Blocks that a claim touches.
  private func blocksOfClaim(
    _ session: Session, _ epoch: UUID, limit: Int, from queue: String = "q"
  ) async throws -> Int {
    try await session.blocks(
      of: "select count(*) from claim($1, 1, $2, $3)", [epoch, queue, limit])
  }

  private func fill(_ session: Session, _ count: Int) async throws {
    try await session.run(
      "select count(*) from enqueue_many('q', 'k', array_fill('{}'::jsonb, array[\(count)]))")
  }

  private func expectCheap(_ cost: Cost) {
    #expect(cost.jobs == 100)
    // The claim reads its rows, a probe each for the four bands, and the ends of the windows.
    #expect(cost.rowsRead <= 120)
    #expect(cost.sequentialScans == 0)
  }

  private func costOfClaim(_ session: Session, _ epoch: UUID, limit: Int32) async throws -> Cost {
    let counters = """
      select coalesce(sum(idx_tup_fetch), 0)::bigint, coalesce(sum(seq_scan), 0)::bigint
      from pg_stat_xact_user_tables where relname ~ '^(job|claim|closure)_[0-9]$'
      """
    return try await session.connection.transaction { connection in
      let before = try await connection.query(counters)[0]
      let jobs = try await session.claim(epoch, limit: limit)
      let after = try await connection.query(counters)[0]
      return Cost(
        jobs: jobs.count,
        rowsRead: try after[0].decode(Int64.self) - before[0].decode(Int64.self),
        sequentialScans: try after[1].decode(Int64.self) - before[1].decode(Int64.self))
    }
  }
}
