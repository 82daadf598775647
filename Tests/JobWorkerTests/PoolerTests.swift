import JobQueue
import JobQueueTesting
import JobWorker
import LibpqClient
import Logging
import Testing

private struct Note: JobPayload {
  static let kind = "test.note"
  static let options = JobOptions(maxAttempts: 1)
  var number: Int
}

@Suite("Workers behind a pooler in transaction mode")
struct PoolerTests {
  private let settings = WorkerConfiguration(largestClaim: 50)

  private func worker(
    _ registry: JobRegistry, by pooler: Pooler, settings: WorkerConfiguration? = nil
  ) -> Worker {
    Worker(
      configuration: pooler.configuration, registry: registry, settings: settings ?? self.settings,
      logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
  }

  /// Runs the workers while `body` runs.
  private func running(_ workers: [Worker], _ body: () async throws -> Void) async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
      for worker in workers { group.addTask { try await worker.run() } }
      defer { for worker in workers { worker.shutDown() } }
      try await body()
      for worker in workers { worker.shutDown() }
      try await group.waitForAll()
    }
  }

  private func isDone(_ test: TestQueue, _ workers: [Worker], _ jobs: Int) async throws -> Bool {
    guard workers.reduce(0, { $0 + $1.totals.succeeded }) >= jobs else { return false }
    return try await test.queue.queues().allSatisfy { $0.waiting + $0.running == 0 }
  }

  @Test("three workers share two sessions of the server, and each job runs once")
  func manyWorkers() async throws {
    try await TestQueue.with { test in
      try await test.pool.query("create table public.effect (job bigint, number bigint)")
      try await Pooler.with(test) { pooler in
        let runs = Journal<Int>()
        var registry = JobRegistry()
        registry.register(Note.self) { job, context in
          runs.add(job.number)
          // Every tenth settles in its own transaction.
          guard job.number % 10 == 0 else { return }
          try await context.transaction { connection in
            try await connection.query(
              "insert into public.effect values ($1, $2)", [context.id, job.number])
          }
        }
        // Producers come in by the pooler too.
        let pool = ConnectionPool(pooler.configuration, size: 2)
        let producer = JobQueue(pool: pool)
        for number in 0..<20 { _ = try await producer.enqueue(Note(number: number)) }
        _ = try await producer.enqueueMany((20..<3000).map { Note(number: $0) })
        let workers = (0..<3).map { _ in worker(registry, by: pooler) }
        try await running(workers) {
          try await eventually("all jobs are done") { try await isDone(test, workers, 3000) }
          let status = try await test.queue.workers()
          #expect(status.count == 3 && status.allSatisfy(\.isConnected))
        }
        #expect(runs.entries.sorted() == Array(0..<3000))
        let effects = try await test.pool.query(
          "select count(*), count(distinct number) from public.effect")[0]
        #expect(try effects[0].decode(Int64.self) == 300)
        #expect(try effects[1].decode(Int64.self) == 300)
        // The workers' wish not to wait for the disk has stayed in their own transactions.
        for _ in 0..<10 {
          let setting = try await pool.query("show synchronous_commit")[0, 0].decode(String.self)
          #expect(setting == "on")
        }
        await pool.close()
      }
    }
  }

  @Test("with sessions of its own such a worker is told of a job at once, and maintains")
  func sessions() async throws {
    try await TestQueue.with { test in
      try await Pooler.with(test) { pooler in
        var registry = JobRegistry()
        registry.register(Note.self) { _, _ in }
        var own = settings
        own.sessions = test.pool.configuration
        let worker = worker(registry, by: pooler, settings: own)
        try await running([worker]) {
          try await eventually("asleep") {
            try await test.pool.query(
              """
              select from pg_locks l join pg_stat_activity a using (pid)
              where l.locktype = 'advisory' and l.mode = 'ShareLock'
                and a.datname = current_database() and a.application_name = 'ong worker listen'
              """
            ).count == 1
          }
          let handle = try await test.queue.enqueue(Note(number: 1))
          try await test.wait(for: handle.id, toBe: .succeeded)
          // Put off: only who maintains puts it back into the log.
          let later = try await test.queue.enqueue(Note(number: 2), delay: .milliseconds(50))
          try await test.wait(for: later.id, toBe: .succeeded)
        }
      }
    }
  }

  @Test("a result that the pooler took along when it died is reported by way of the next one")
  func lostPooler() async throws {
    try await TestQueue.with { test in
      try await Pooler.with(test) { pooler in
        let handler = HeldHandler()
        let handle = try await test.queue.enqueue(Note(number: 1))
        let worker = worker(handler.registry(Note.self), by: pooler)
        try await running([worker]) {
          await handler.started.pass()
          await pooler.stop()
          handler.end.open()
          try await eventually("the result waits") { worker.totals.succeeded == 1 }
          try await pooler.start()
          try await test.wait(for: handle.id, toBe: .succeeded)
          let story = try #require(try await test.queue.story(handle.id))
          #expect(story.claims.count == 1)
        }
      }
    }
  }

  @Test("a worker behind a pooler that dies is known by its heartbeat")
  func death() async throws {
    try await TestQueue.with { test in
      try await Pooler.with(test) { pooler in
        let handler = HeldHandler()
        let handle = try await test.queue.enqueue(Note(number: 1))
        let worker = worker(handler.registry(Note.self), by: pooler)
        async let running: Void = worker.run()
        await handler.started.pass()
        worker.abort()
        try await running
        handler.end.open()
        #expect(try await test.queue.workers().map(\.isConnected) == [true])
        #expect(
          try await test.pool.query("select ong.rescue_lost()")[0, 0].decode(Int32.self) == 0)
        try await test.pool.query("update ong.heartbeat set at = at - interval '16 seconds'")
        let due = try await test.pool.query("select lost from ong.maintenance_due()")
        #expect(try due[0, 0].decode(Bool.self))
        #expect(
          try await test.pool.query("select ong.rescue_lost()")[0, 0].decode(Int32.self) == 1)
        #expect(try await test.state(handle.id) == .waiting)
      }
    }
  }

  @Test("a search path, and listening, are refused with what to do instead")
  func refused() async throws {
    try await TestQueue.with { test in
      try await Pooler.with(test) { pooler in
        var named = pooler.configuration
        named.searchPath = "ong"
        await #expect(throws: DatabaseError.self) { try await Connection.open(named) }
        let connection = try await Connection.open(pooler.configuration)
        await #expect(throws: DatabaseError.self) { _ = try await connection.listen("x") }
        await connection.close()
        var own = settings
        own.sessions = pooler.configuration
        let worker = worker(JobRegistry(), by: pooler, settings: own)
        await #expect(throws: WorkerConfigurationError.self) { try await worker.run() }
      }
    }
  }
}
