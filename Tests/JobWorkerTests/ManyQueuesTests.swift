import JobQueue
import JobQueueTesting
import JobWorker
import LibpqClient
import Testing

private struct Ping: JobPayload {
  static let kind = "test.ping"
  var number = 0
}

@Suite("A worker of many queues")
struct ManyQueuesTests {
  private static let count = 600

  @Test("serves them all, sleeps on all, and takes a bounded number of locks for it")
  func sleeps() async throws {
    let names = (0..<Self.count).map { "queue-\($0)" }
    try await TestQueue.with { test in
      try await test.pool.query("select ong.create_queue(q) from unnest($1::text[]) q", [names])
      var registry = JobRegistry()
      let runs = Journal<String>()
      registry.register(Ping.self) { _, context in runs.add(context.queue) }
      let settings = WorkerConfiguration(
        queues: Dictionary(uniqueKeysWithValues: names.map { ($0, 1) }))
      try await test.withWorker(registry, settings: settings) { worker in
        // Before they sleep, and while they do.
        for round in 1...2 {
          try await test.pool.query(
            """
            select ong.enqueue(q, 'test.ping', '{"number": 1}') from unnest($1::text[]) q
            """, [names])
          try await eventually("one job of each queue has run") {
            worker.totals.succeeded == round * Self.count
          }
          try await eventually("sleepers' locks") {
            (1...64).contains(try await Self.locks(test))
          }
        }
        #expect(Set(runs.entries) == Set(names))
        #expect(runs.entries.count == 2 * Self.count)
        let heartbeat = try #require(try await test.queue.workers().first)
        #expect(heartbeat.isConnected)
      }
    }
  }

  /// Entries that the listening connection has in the server's table of locks.
  private static func locks(_ test: TestQueue) async throws -> Int {
    try await test.pool.query(
      """
      select from pg_locks l join pg_stat_activity a using (pid)
      where l.locktype = 'advisory' and a.application_name = 'ong worker listen'
        and a.datname = current_database()
      """
    ).count
  }
}
