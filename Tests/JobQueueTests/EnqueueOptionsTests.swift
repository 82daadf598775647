import Foundation
import JobQueue
import JobQueueTesting
import LibpqClient
import Testing

private struct Report: JobPayload {
  static let kind = "test.report"
  static let options = JobOptions(queue: "reports")
  var unit: String
  var year = 2026

  var uniqueness: JobUniqueness? { .payload(until: .settled) }
}

private struct Ping: JobPayload {
  static let kind = "test.ping"
  static let options = JobOptions(queue: "reports")
  var number: Int
}

@Suite("Options of enqueueing")
struct EnqueueOptionsTests {
  private static let trace = TraceContext(
    "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")!

  private func with(_ body: (TestQueue) async throws -> Void) async throws {
    try await TestQueue.with(queues: ["reports"], body)
  }

  @Test("a payload says itself what its equals are, alone, with many and in bulk")
  func ownUniqueness() async throws {
    try await with { test in
      let first = try await test.queue.enqueue(Report(unit: "Đội 1"))
      #expect(try await test.queue.enqueue(Report(unit: "Đội 1")) == first)
      let json = #"{"year": 2026, "unit": "Đội 1"}"#
      let untyped = try await test.queue.enqueue(
        kind: Report.kind, json: json, queue: "reports", unique: .payload(until: .settled))
      #expect(untyped == first.id)
      let many = try await test.queue.enqueueMany(
        ["Đội 2", "Đội 1", "Đội 2"].map { Report(unit: $0) })
      #expect(many[1] == first && many[2] == many[0])
      let sent = try await test.queue.enqueueBulk((1...40).map { Report(unit: "Đội \($0 / 2)") })
      #expect(sent == 40)
      #expect(try await test.queue.queues().first?.waiting == 21)
      let story = try #require(try await test.queue.story(first.id))
      #expect(story.unique?.scope == "settled")
    }
  }

  @Test("many jobs carry keys, unique keys and options of their own")
  func many() async throws {
    try await with { test in
      let pings = (0..<4).map { Ping(number: $0) }
      let handles = try await test.queue.enqueueMany(
        pings, key: { "tenant \($0.number % 2)" },
        unique: { $0.number < 2 ? .key("one", onConflict: .replace) : nil },
        expires: .after(.seconds(3600)), tags: ["nightly", "tháng 3"], trace: Self.trace)
      #expect(handles[0] == handles[1])
      let story = try #require(try await test.queue.story(handles[0].id))
      #expect(story.key == "tenant 0")
      #expect(story.uniqueKey == "one")
      #expect(story.json.contains(#""number": 1"#))
      #expect(story.tags == ["nightly", "tháng 3"])
      #expect(story.trace == Self.trace)
      let expiresAt = try #require(story.expiresAt)
      #expect(abs(expiresAt.timeIntervalSinceNow - 3600) < 60)
      await #expect(throws: JobQueueError.self) {
        try await test.queue.enqueueMany(
          pings, unique: { .key("two", until: $0.number == 0 ? .waiting : .settled) })
      }
    }
  }

  @Test("the owner's COPY carries keys and options, and refuses a unique job that comes too late")
  func bulk() async throws {
    try await with { test in
      try await test.queue.enqueueBulk(
        (0..<100).lazy.map { Ping(number: $0) }, key: { "tenant \($0.number % 3)" },
        expires: .at(Date(timeIntervalSinceNow: 600)), tags: ["bulk"], trace: Self.trace)
      let job = try #require(try await test.queue.jobs(JobFilter(limit: 1)).first)
      let story = try #require(try await test.queue.story(job.id))
      #expect(story.key == "tenant 0")
      #expect(story.tags == ["bulk"])
      #expect(story.trace == Self.trace)
    }
  }

  @Test("a producer without other rights does all of it", arguments: [false, true])
  func producer(isUnique: Bool) async throws {
    try await with { test in
      let pairs: @Sendable (Ping) -> JobUniqueness? = {
        JobUniqueness.key("\($0.number / 2)", until: .window(.milliseconds(1500)))
      }
      let sent: Int = try await test.pool.withTransaction { connection in
        try await connection.execute(script: "set local role ong_producer")
        try await test.queue.enqueue(
          Ping(number: 0), key: "k", unique: .payload(until: .window(.seconds(60))),
          expires: .after(.seconds(9)), tags: ["a"], trace: Self.trace,
          waitingUpTo: .seconds(1), in: connection)
        try await test.queue.enqueueMany(
          [Ping(number: 1)], unique: { _ in .payload() }, in: connection)
        return try await test.queue.enqueueBulk(
          (2..<500).map { Ping(number: $0) }, priority: .low, key: { "\($0.number)" },
          unique: isUnique ? pairs : nil, expires: .after(.seconds(60)),
          tags: ["a", "b"], trace: Self.trace,
          in: connection)
      }
      #expect(sent == 498)
      #expect(try await test.queue.queues().first?.waiting == 2 + (isUnique ? 249 : 498))
    }
  }

  @Test("the statement for other drivers binds plain texts and enqueues the same job")
  func statement() async throws {
    try await with { test in
      let statement = try test.queue.statement(
        for: Report(unit: "it's Đội $1"), priority: .high, delay: .milliseconds(50), key: "k",
        unique: .payload(until: .window(.seconds(60)), onConflict: .replace),
        expires: .at(Date(timeIntervalSince1970: 4_102_444_800.125)), tags: ["a,b", "\"c\""],
        trace: Self.trace)
      // PREPARE with every parameter an untyped literal: what a driver's text protocol does.
      let literals = statement.parameters.map { $0.map(Self.literal) ?? "null" }
      let id = try await test.pool.withTransaction { connection in
        try await connection.execute(
          script: """
            prepare enqueueing as \(statement.sql);
            execute enqueueing(\(literals.joined(separator: ", ")))
            """)
        return try await connection.query("select id from ong.deferred_job")[0, 0].decode(
          Int64.self)
      }
      let story = try #require(try await test.queue.story(id))
      #expect(story.state == .scheduled)
      #expect(story.priority == .high)
      #expect(story.json.contains("it's Đội $1"))
      #expect(story.key == "k")
      #expect(story.tags == ["a,b", "\"c\""])
      #expect(story.expiresAt == Date(timeIntervalSince1970: 4_102_444_800.125))
      #expect(story.trace?.traceID == "4bf92f3577b34da6a3ce929d0e0e4736")
      let plain = try test.queue.statement(for: Ping(number: 1))
      #expect(plain.parameters == ["reports", "test.ping", #"{"number":1}"#, "2"])
    }
  }

  private static func literal(_ text: String) -> String {
    "'" + text.replacing("'", with: "''") + "'"
  }

  @Test(
    "a trace context is W3C's or none",
    arguments: ["", "00-x", "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01"])
  func trace(_ text: String) {
    #expect(TraceContext(text) == nil)
    #expect(Self.trace.isSampled)
    #expect(Self.trace.parentID == "00f067aa0ba902b7")
  }
}
