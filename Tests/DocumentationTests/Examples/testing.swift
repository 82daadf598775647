import JobQueue
import JobQueueTesting
import JobWorker
import LibpqClient
import Testing

@Suite("The page testing.md")
struct TestingPage {
  struct SendNotice: Job {
    static let kind = "notice.send"
    static let options = JobOptions(maxAttempts: 3, backoff: .constant(.seconds(600)))
    var unit: String

    func run(in context: JobContext) async throws -> String {
      if unit.isEmpty { throw JobControl.discard(reason: "no unit") }
      context.report(progress: 1, "sent")
      return "sent to \(unit)"
    }
  }

  func closePeriod(_ units: [String], _ queue: JobQueue, in connection: Connection) async throws {
    for unit in units {
      try await queue.enqueue(SendNotice(unit: unit), delay: .seconds(3 * 3600), in: connection)
    }
  }

  @Test("A handler alone")
  func inline() async throws {
    #expect(try await runInline(SendNotice(unit: "Đội 3")) == "sent to Đội 3")
    await #expect(throws: JobControl.discard(reason: "no unit")) {
      try await runInline(SendNotice(unit: ""))
    }

    let attempt = InlineAttempt(attempt: 3)
    try await attempt.run(SendNotice(unit: "Đội 3"))
    #expect(attempt.progress.map(\.note) == ["sent"])
  }

  @Test("What is enqueued, and time that passes")
  func enqueued() async throws {
    try await TestQueue.with(clock: .manual) { test in
      try await test.pool.withTransaction { connection in
        try await closePeriod(["Đội 1", "Đội 2"], test.queue, in: connection)
        try await test.expectEnqueued(SendNotice.self, count: 2, in: connection)
        try await test.expectNotEnqueued(SendNotice.self)
      }
      let jobs = try await test.expectEnqueued(SendNotice.self) { $0.payload.unit == "Đội 2" }
      #expect(jobs.map(\.state) == [.scheduled])

      var registry = JobRegistry()
      registry.register(SendNotice.self)
      #expect(try await test.drain(registry).succeeded == 0)
      try await test.advance(by: .seconds(3 * 3600))
      #expect(try await test.drain(registry).succeeded == 2)
      try await test.expectNotEnqueued(SendNotice.self)
    }
  }
}
