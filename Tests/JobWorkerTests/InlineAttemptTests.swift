import JobQueue
import JobQueueTesting
import JobWorker
import LibpqClient
import Testing

private struct Render: Job {
  static let kind = "test.render"
  static let options = JobOptions(queue: "reports", maxAttempts: 2)
  var pages: Int

  func run(in context: JobContext) async throws -> String {
    if pages == 0 { throw JobControl.discard(reason: "no pages") }
    let done = try await context.checkpoint(as: Int.self) ?? 0
    for page in (done + 1)...pages {
      context.report(progress: Double(page) / Double(pages), "page \(page)")
      try await context.checkpoint(page)
      try context.checkCancellation()
    }
    return "\(context.kind) \(context.queue) \(context.attempt) \(context.isLastAttempt)"
  }
}

private struct Store: Job {
  static let kind = "test.store"
  var number: Int

  func run(in context: JobContext) async throws {
    try await context.transaction { connection in
      _ = try await connection.query("insert into note values ($1)", [number])
    }
  }
}

@Suite("Handlers run inline")
struct InlineAttemptTests {
  @Test("a handler runs in the calling task with nothing behind it and returns its result")
  func plain() async throws {
    #expect(try await runInline(Render(pages: 1)) == "test.render reports 1 false")
    await #expect(throws: JobControl.discard(reason: "no pages")) {
      try await runInline(Render(pages: 0))
    }
  }

  @Test("progress, checkpoints and the number of the attempt are the test's to give and to see")
  func attempt() async throws {
    let attempt = InlineAttempt(attempt: 2)
    try attempt.setCheckpoint(2)
    #expect(try await attempt.run(Render(pages: 4)) == "test.render reports 2 true")
    #expect(attempt.progress.map(\.note) == ["page 3", "page 4"])
    #expect(attempt.progress.last?.fraction == 1)
    #expect(try attempt.checkpoint(as: Int.self) == 4)
  }

  @Test("a cancelled attempt ends where its handler looks")
  func cancelled() async throws {
    let attempt = InlineAttempt()
    attempt.cancel()
    await #expect(throws: CancellationError.self) { try await attempt.run(Render(pages: 4)) }
    #expect(attempt.progress.count == 1)
  }

  @Test("a handler's own transaction is committed once, or not at all where it fails")
  func transaction() async throws {
    try await TestQueue.with { test in
      _ = try await test.pool.query("create table note (number int check (number > 0))")
      let attempt = InlineAttempt(pool: test.pool)
      await #expect(throws: DatabaseError.self) { try await attempt.run(Store(number: 0)) }
      #expect(!attempt.isSettled)
      try await attempt.run(Store(number: 1))
      #expect(attempt.isSettled)
      await #expect(throws: JobTransactionError.alreadySettled) {
        try await attempt.run(Store(number: 2))
      }
      try await test.runInline(Store(number: 3))
      let stored = try await test.pool.query("select number from note order by number")
      #expect(try stored.map { try $0[0].decode(Int.self) } == [1, 3])
    }
    await #expect(throws: JobTransactionError.noWorker) { try await runInline(Store(number: 1)) }
  }

  @Test("a handler that stands apart runs as well")
  func apart() async throws {
    let text = try await InlineAttempt(crashes: 1).run(Render(pages: 3)) { job, context in
      "\(job.pages) \(context.crashes)"
    }
    #expect(text == "3 1")
  }
}
