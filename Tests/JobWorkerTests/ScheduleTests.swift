import Foundation
import JobQueue
import JobQueueTesting
import JobWorker
import LibpqClient
import Synchronization
import Testing

private struct Beat: JobPayload {
  static let kind = "test.beat"
  var number = 0
}

/// When jobs started, by number.
private final class Starts: Sendable {
  private let times = Mutex<[Int: Date]>([:])
  var all: [Int: Date] { times.withLock { $0 } }
  func note(_ number: Int) { times.withLock { $0[number] = Date() } }
}

@Suite("Schedules and workers", .serialized)
struct ScheduleTests {
  @Test("a declared schedule fires at each second, on time, one job a tick")
  func declared() async throws {
    try await TestQueue.with { test in
      var registry = JobRegistry()
      registry.register(Beat.self) { _, _ in }
      registry.schedule(
        Schedule("beat", cron: "* * * * * *", overlap: .allow, job: Beat(number: 1)))
      try await test.withWorker(registry) { worker in
        try await eventually("three beats") { worker.totals.succeeded >= 3 }
      }
      let late = try await test.pool.query(
        "select date_part('epoch', enqueued_at - (meta->>'tick')::timestamptz) from ong.job order by id"
      ).map { try $0[0].decode(Double.self) }
      #expect(late.allSatisfy { 0...0.5 ~= $0 }, "\(late)")
      #expect(try await test.ticks() == Set(try await test.ticks()).sorted())
      let status = try #require(try await test.queue.schedules().first)
      #expect(status.declaredAt != nil && status.fired >= 3 && status.error == nil)
    }
  }

  @Test("a schedule that is put while the leader sleeps fires at its first tick")
  func atRunTime() async throws {
    try await TestQueue.with { test in
      var registry = JobRegistry()
      registry.register(Beat.self) { _, _ in }
      try await test.withWorker(registry) { worker in
        try await test.queue.putSchedule(
          Schedule("far", cron: "0 0 1 1 *", overlap: .allow, job: Beat()))
        // Nothing is promoted without a leader.
        try await test.queue.enqueue(Beat(), delay: .milliseconds(1))
        try await eventually("a leader") { worker.totals.succeeded == 1 }
        for _ in 0..<4 {
          try await test.queue.putSchedule(
            Schedule("far", cron: "* * * * * *", overlap: .allow, job: Beat()))
          try await eventually("a beat") {
            try await test.queue.schedules().first?.lastTick != nil
          }
          let status = try #require(try await test.queue.schedules().first)
          let id = try #require(status.lastJob)
          let story = try #require(try await test.queue.story(id))
          #expect(story.schedule?.name == "far")
          // Without being told, the leader looks at schedules once a second.
          let tick = try #require(story.schedule?.tick)
          let late = try #require(story.enqueuedAt).timeIntervalSince(tick)
          #expect(0...0.3 ~= late)
          try await test.queue.deleteSchedule("far")
        }
      }
    }
  }

  @Test("a tick that waits fires as soon as the running job ends")
  func buffered() async throws {
    try await TestQueue.with { test in
      var registry = JobRegistry()
      let gate = Gate()
      registry.register(Beat.self) { _, _ in await gate.pass() }
      try await test.withWorker(registry) { worker in
        try await test.queue.putSchedule(
          Schedule("s", cron: "* * * * * *", overlap: .bufferOne, job: Beat()))
        try await eventually("a buffered tick") {
          try await test.queue.schedules().first?.bufferedTick != nil
        }
        try await test.queue.pauseSchedule("s")
        #expect(try await test.queue.schedules().first?.bufferedTick == nil)
        try await test.queue.resumeSchedule("s")
        try await eventually("a buffered tick again") {
          try await test.queue.schedules().first?.bufferedTick != nil
        }
        gate.open()
        try await eventually("the buffered job") { worker.totals.succeeded >= 2 }
      }
    }
  }

  @Test("when the leader dies its successor goes on, and no tick fires twice or never")
  func leaderChange() async throws {
    try await TestQueue.with { test in
      var registry = JobRegistry()
      registry.register(Beat.self) { _, _ in }
      registry.schedule(
        Schedule(
          "beat", cron: "* * * * * *", catchUp: .all(within: .seconds(600)), overlap: .allow,
          job: Beat()))
      try await test.withWorker(registry) { second in
        let first = test.worker(registry)
        async let running: Void = first.run()
        for _ in 0..<3 {
          let fired = try await test.ticks().count
          try await eventually("another beat") { try await test.ticks().count > fired }
          // Whoever leads loses its connection in the middle of the work.
          try await test.pool.query(
            """
            select pg_terminate_backend(pid) from pg_stat_activity
            where application_name = 'ong worker maintain' and datname = current_database()
            """)
        }
        first.abort()
        try await running
        let fired = try await test.ticks().count
        try await eventually("beats by the other") { try await test.ticks().count > fired + 2 }
        _ = second
      }
      let ticks = try await test.ticks()
      #expect(zip(ticks, ticks.dropFirst()).allSatisfy { $1 == $0 + 1 }, "\(ticks)")
    }
  }

  @Test("a program whose schedule is refused says so at its start")
  func refused() async throws {
    try await TestQueue.with { test in
      var registry = JobRegistry()
      registry.register(Beat.self) { _, _ in }
      registry.schedule(Schedule("s", cron: "0 25 * * *", job: Beat()))
      let error = await #expect(throws: JobQueueError.self) {
        try await test.worker(registry).run()
      }
      #expect(error?.message.contains("expected the hour to be 0 to 23") == true)
    }
  }

  @Test("jobs that are put off for less than a second start to the millisecond")
  func nearDelays() async throws {
    try await TestQueue.with { test in
      let starts = Starts()
      var registry = JobRegistry()
      registry.register(Beat.self) { beat, _ in starts.note(beat.number) }
      try await test.withWorker(registry) { worker in
        try await test.queue.enqueue(Beat(number: -1))
        try await eventually("a worker") { worker.totals.succeeded == 1 }
        var due: [Int: Date] = [:]
        for number in 0..<30 {
          let at = Date() + Double.random(in: 0.03...1.3)
          due[number] = at
          try await test.queue.enqueue(Beat(number: number), runAt: at)
          try await Task.sleep(for: .milliseconds(Int.random(in: 1...90)))
        }
        try await eventually("all of them") { worker.totals.succeeded == 31 }
        let late = due.map { starts.all[$0.key]!.timeIntervalSince($0.value) * 1000 }.sorted()
        // Generous, for a busy machine: without the notification half of them are 0.3 s late.
        #expect(late[0] > -2 && late[15] < 60 && late[27] < 250, "\(late)")
      }
    }
  }
}

extension TestQueue {
  /// The ticks that were fired, in seconds, one for each job; a job that was rescued has two rows.
  fileprivate func ticks() async throws -> [Int64] {
    try await pool.query(
      """
      select date_part('epoch', tick::timestamptz)::bigint
      from (select distinct id, meta->>'tick' tick from ong.job) fired order by 1
      """
    ).map { try $0[0].decode(Int64.self) }
  }
}
