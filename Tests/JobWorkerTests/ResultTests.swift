import JobQueue
import JobQueueTesting
import JobWorker
import LibpqClient
import Testing

private struct Square: Job {
  static let kind = "test.square"
  static let options = JobOptions(maxAttempts: 1)
  var number: Int

  func run(in context: JobContext) async throws -> Int {
    if number < 0 { throw JobControl.discard(reason: "negative") }
    if number > 1000 { throw TooLarge() }
    return number * number
  }
}

private struct TooLarge: Error {}

private struct Quiet: Job {
  static let kind = "test.quiet"
  func run(in context: JobContext) async throws {}
}

private struct Text: JobPayload {
  static let kind = "test.text"
  var text: String
}

@Suite("Results")
struct ResultTests {
  @Test("a result is awaited while the job waits and runs, and read again later")
  func awaited() async throws {
    try await TestQueue.with { test in
      let gate = Gate()
      var registry = JobRegistry()
      registry.register(Square.self)
      registry.register(Text.self) { job, _ in
        await gate.pass()
        return job.text.uppercased()
      }
      let text = try await test.queue.enqueue(Text(text: "ong"))
      try await test.withWorker(registry) { _ in
        try await test.wait(for: text.id, toBe: .running)
        async let awaited: String = test.queue.result(ofJob: text.id, within: .seconds(20))
        try await eventually("the waiter is registered") { try await test.tracked() == 1 }
        gate.open()
        #expect(try await awaited == "ONG")
      }
      let squares = try await test.queue.enqueueMany((0..<300).map { Square(number: $0) })
      try await test.drain(registry)
      for (number, square) in squares.enumerated() where number % 50 == 0 {
        #expect(try await test.queue.result(of: square, within: .seconds(1)) == number * number)
      }
      #expect(try await test.tracked() == 0)
      let story = try #require(try await test.queue.story(squares[9].id))
      #expect(story.json.contains(#""result": 81"#))
    }
  }

  @Test("many who wait at once each get their own result, without waiting for the clock")
  func manyWaiters() async throws {
    try await TestQueue.with { test in
      var registry = JobRegistry()
      registry.register(Square.self)
      let jobs = try await test.queue.enqueueMany((0..<40).map { Square(number: $0) })
      try await test.queue.pauseQueue("default")
      try await test.withWorker(registry) { _ in
        try await withThrowingTaskGroup(of: (Int, Int).self) { group in
          for (number, job) in jobs.enumerated() {
            group.addTask { (number, try await test.queue.result(of: job, within: .seconds(20))) }
          }
          try await eventually("all are registered") { try await test.tracked() == 40 }
          try await test.queue.resumeQueue("default")
          for try await (number, square) in group { #expect(square == number * number) }
        }
      }
    }
  }

  @Test("whoever waits for a job that ends otherwise is told how and why")
  func otherEnds() async throws {
    try await TestQueue.with { test in
      var registry = JobRegistry()
      registry.register(Square.self)
      registry.register(Quiet.self)
      let discarded = try await test.queue.enqueue(Square(number: -1))
      let dead = try await test.queue.enqueue(Square(number: 2000))
      let quiet = try await test.queue.enqueue(Quiet())
      try await test.drain(registry)
      await #expect(
        throws: JobResultError.notSucceeded(
          id: discarded.id, JobEnd(state: .discarded, error: "negative"))
      ) { try await test.queue.result(of: discarded, within: .seconds(1)) }
      await #expect(
        throws: JobResultError.notSucceeded(
          id: dead.id, JobEnd(state: .dead, error: "TooLarge: TooLarge()"))
      ) { try await test.queue.result(of: dead, within: .seconds(1)) }
      try await test.queue.result(of: quiet, within: .seconds(1))
      await #expect(throws: JobResultError.notStored(id: quiet.id)) {
        try await test.queue.result(ofJob: quiet.id, as: Int.self, within: .seconds(1))
      }
      await #expect(throws: JobResultError.unknownJob(id: 1 << 50)) {
        try await test.queue.end(ofJob: 1 << 50, within: .seconds(1))
      }
      let late = try await test.queue.enqueue(Square(number: 3), delay: .seconds(60))
      await #expect(throws: JobResultError.notInTime(id: late.id, limit: .milliseconds(60))) {
        try await test.queue.result(of: late, within: .milliseconds(60))
      }
      async let end = test.queue.end(ofJob: late.id, within: .seconds(20))
      try await test.queue.cancelJob(late.id)
      #expect(try await end.state == .cancelled)
    }
  }

  @Test("a result that can't be stored makes a dead letter and holds up nobody")
  func unstorable() async throws {
    try await TestQueue.with { test in
      var registry = JobRegistry()
      registry.register(Text.self) { job, _ in
        job.text == "long" ? String(repeating: "x", count: 1 << 20) : job.text + "\0"
      }
      registry.register(Square.self)
      try await test.queue.enqueueMany([Text(text: "long"), Text(text: "nul")])
      try await test.queue.enqueueMany([Square(number: 1)])
      let totals = try await test.drain(registry)
      #expect(totals.dead == 2)
      #expect(totals.succeeded == 1)
      let errors = try await test.queue.deadJobs().compactMap(\.error).sorted()
      #expect(errors.count == 2)
      #expect(errors.allSatisfy { $0.hasPrefix("the job ran, but its result can't be stored") })
    }
  }

  @Test("old results and orphaned interest are pruned; jobs without a result never wrote one")
  func pruned() async throws {
    try await TestQueue.with { test in
      var registry = JobRegistry()
      registry.register(Square.self)
      registry.register(Quiet.self)
      let square = try await test.queue.enqueue(Square(number: 2))
      let quiet = try await test.queue.enqueue(Quiet())
      try await test.drain(registry)
      #expect(try await test.count("select count(*) from ong.job_result") == 1)
      // Too late: the job has ended already.
      try await test.pool.query("select ong.await_end($1)", [quiet.id])
      #expect(try await test.tracked() == 1)
      try await test.pool.query("update ong.setting set keep_results = '0'")
      try await test.pool.query("select ong.prune()")
      #expect(try await test.tracked() == 0)
      await #expect(throws: JobResultError.notStored(id: square.id)) {
        try await test.queue.result(of: square, within: .seconds(1))
      }
    }
  }
}

extension TestQueue {
  func count(_ sql: String) async throws -> Int {
    Int(try await pool.query(sql)[0, 0].decode(Int64.self))
  }

  func tracked() async throws -> Int { try await count("select count(*) from ong.tracked") }
}
