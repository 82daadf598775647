import JobQueue
import JobQueueTesting
import JobWorker
import LibpqClient
import PrivatePostgres
import Testing

private struct Long: JobPayload {
  static let kind = "test.long"
  var number = 0
}

@Suite("Lost connections")
struct OutageTests {
  /// Ends the server's side of the worker's connections whose purpose matches.
  private func cut(_ test: TestQueue, _ purpose: String) async throws -> Int {
    try await test.pool.query(
      """
      select pg_terminate_backend(pid) from pg_stat_activity \
      where application_name like 'ong worker ' || $1 and datname = current_database()
      """, [purpose]
    ).count
  }

  @Test("a result that could not be reported is reported on the next connection")
  func lostConnection() async throws {
    try await TestQueue.with { test in
      let started = Gate()
      let gate = Gate()
      var registry = JobRegistry()
      registry.register(Long.self) { _, context in
        started.open()
        await gate.pass()
        #expect(!context.isCancelled)
      }
      let handle = try await test.queue.enqueue(Long())
      try await test.withWorker(registry) { worker in
        await started.pass()
        #expect(try await cut(test, "claim") == 1)
        gate.open()
        try await test.wait(for: handle.id, toBe: .succeeded)
        #expect(worker.totals.succeeded == 1)
        let story = try #require(try await test.queue.story(handle.id))
        #expect(story.claims.count == 1)
      }
    }
  }

  @Test("results of a claim whose earlier results the server could not take are not dropped")
  func laterResults() async throws {
    try await TestQueue.with { test in
      let runs = Journal<Int>()
      let gate = Gate()
      var registry = JobRegistry()
      registry.register(Long.self) { job, _ in
        runs.add(job.number)
        if job.number == 1 { await gate.pass() }
      }
      // As a disk without room: the first job's results are refused some times, so that the last ones of
      // the claim come before them.
      try await test.pool.query("create sequence refusals")
      try await test.pool.query(
        """
        create function public.refuse() returns trigger language plpgsql as $$
        begin
          if not new.final and nextval('public.refusals') <= 4 then
            raise exception 'no room' using errcode = '53100';
          end if;
          return new;
        end $$
        """)
      try await test.pool.query(
        """
        create trigger refuse before insert on ong.closure for each row execute function public.refuse()
        """)
      let handles = try await test.queue.enqueueMany([Long(number: 0), Long(number: 1)])
      try await test.withWorker(registry) { worker in
        try await eventually("a refusal") {
          try await test.pool.query("select is_called from refusals")[0, 0].decode(Bool.self)
        }
        gate.open()
        for handle in handles { try await test.wait(for: handle.id, toBe: .succeeded) }
        #expect(runs.entries.sorted() == [0, 1])
        #expect(worker.totals.succeeded == 2)
      }
    }
  }

  @Test(
    "a worker that starts while the server has no room or takes no writes waits for it",
    arguments: ["53100", "25006", "40P01"])
  func startsInTrouble(_ code: String) async throws {
    try await TestQueue.with { test in
      // A sequence goes on although the transaction is rolled back.
      try await test.pool.query("create sequence refusals")
      try await test.pool.query(
        """
        create function public.refuse() returns trigger language plpgsql as $$
        begin
          if nextval('public.refusals') <= 2 then
            raise exception 'not now' using errcode = tg_argv[0];
          end if;
          return new;
        end $$
        """)
      try await test.pool.query(
        """
        create trigger refuse before insert on ong.worker for each row
        execute function public.refuse('\(code)')
        """)
      let handle = try await test.queue.enqueue(Long())
      var registry = JobRegistry()
      registry.register(Long.self) { _, _ in }
      try await test.withWorker(registry) { _ in
        try await test.wait(for: handle.id, toBe: .succeeded)
      }
      let tries = try await test.pool.query("select last_value from refusals")
      #expect(try tries[0, 0].decode(Int64.self) == 3)
    }
  }

  @Test("without its listening connection a worker goes on, and listens again")
  func lostListener() async throws {
    try await TestQueue.with { test in
      var registry = JobRegistry()
      registry.register(Long.self) { _, _ in }
      try await test.withWorker(registry) { _ in
        try await eventually("listening") { try await cut(test, "listen") == 1 }
        let handle = try await test.queue.enqueue(Long())
        try await test.wait(for: handle.id, toBe: .succeeded)
        try await eventually("listening again") { try await cut(test, "listen") == 1 }
      }
    }
  }

  @Test("a worker that was declared dead drops what it had and goes on under a new epoch")
  func declaredDead() async throws {
    try await TestQueue.with { test in
      let started = Gate()
      let runs = Journal<Bool>()
      var registry = JobRegistry()
      registry.register(Long.self) { _, context in
        runs.add(context.crashes > 0)
        if context.crashes > 0 { return }
        started.open()
        try await Task.sleep(for: .seconds(3600))
      }
      let handle = try await test.queue.enqueue(Long())
      // With one slot the rescued job can only run once the lost one has ended.
      let settings = WorkerConfiguration(queues: ["default": 1])
      try await test.withWorker(registry, settings: settings) { _ in
        await started.pass()
        let epoch = try #require(try await test.queue.workers().first?.epoch)
        try await test.pool.query("select ong.rescue($1)", [epoch])
        try await test.wait(for: handle.id, toBe: .succeeded)
        #expect(runs.entries == [false, true])
        let now = try await test.queue.workers().map(\.epoch)
        #expect(now.count == 1)
        #expect(!now.contains(epoch))
      }
    }
  }

  @Test("jobs go on after the server was restarted in the middle of the work")
  func restart() async throws {
    let cluster = try await TestCluster.start()
    do {
      try await TestQueue.with(on: cluster) { test in
        let seen = Journal<Int>()
        var registry = JobRegistry()
        registry.register(Long.self) { job, _ in
          try await Task.sleep(for: .milliseconds(2))
          seen.add(job.number)
        }
        try await test.queue.enqueueMany((0..<600).map { Long(number: $0) })
        try await test.withWorker(registry) { _ in
          try await eventually("work has begun") { seen.entries.count > 50 }
          try await cluster.server.restart()
          try await eventually("all done", within: .seconds(60)) {
            Set(seen.entries).count == 600
          }
          try await eventually("all settled") {
            // The pool's connections died with the server as well.
            let status = try? await test.queue.queues().first
            return status.map { $0.waiting + $0.running == 0 } ?? false
          }
        }
      }
    } catch {
      try? await cluster.stop()
      throw error
    }
    try await cluster.stop()
  }
}
