import JobQueue
import JobQueueTesting
import LibpqClient
import Testing

private struct Notice: JobPayload {
  static let kind = "test.notice"
  static let version = 2
  static let upcasters: [Int: PayloadUpcaster] = [
    1: .fields { $0["unit"] = $0.removeValue(forKey: "team") }
  ]
  var unit: String
}

private struct Other: JobPayload {
  static let kind = "test.other"
}

@Suite("Expectations about enqueued jobs")
struct ExpectationTests {
  private func message(_ body: () async throws -> Void) async throws -> String {
    do {
      try await body()
    } catch let error as EnqueuedJobsMismatch {
      return error.description
    }
    return "met"
  }

  @Test(
    "jobs that wait or are put off are found with payload, options and time, whatever their version"
  )
  func found() async throws {
    try await TestQueue.with { test in
      let queue = test.queue
      let first = try await queue.enqueue(
        kind: "test.notice", json: #"{"team": "a"}"#, queue: "default", priority: .low)
      try await queue.enqueue(Notice(unit: "b"), delay: .seconds(3600), unique: .key("k"))
      let jobs = try await test.expectEnqueued(Notice.self, count: 2)
      #expect(jobs.map(\.payload.unit) == ["a", "b"])
      #expect(jobs.map(\.priority) == [.low, .normal])
      #expect(jobs.map(\.state) == [.waiting, .scheduled])
      #expect(jobs.map(\.uniqueKey) == [nil, "k"])
      #expect(jobs.map { $0.runAt != nil } == [false, true])
      #expect(jobs.first?.id == first)
      try await test.expectEnqueued(Notice.self) { $0.payload.unit == "b" }
      try await test.expectNotEnqueued(Notice.self) { $0.payload.unit == "c" }
      try await test.expectNotEnqueued(Other.self)
    }
  }

  @Test("what is not met lists the jobs that are there, or the kinds")
  func unmet() async throws {
    try await TestQueue.with { test in
      let nothing = try await message { try await test.expectEnqueued(Notice.self) }
      #expect(
        nothing.hasSuffix("expected at least 1 enqueued test.notice, got: 0\n  other kinds: none"))
      #expect(nothing.contains("ExpectationTests.swift:"))
      try await test.queue.enqueue(Other())
      let wrongKind = try await message { try await test.expectEnqueued(Notice.self) }
      #expect(wrongKind.hasSuffix("other kinds: test.other (1)"))

      let id = try await test.queue.enqueue(Notice(unit: "a")).id
      let wrongUnit = try await message {
        try await test.expectEnqueued(Notice.self) { $0.payload.unit == "b" }
      }
      let line = #"  job \#(id) in default, normal, waiting: {"unit":"a"}"#
      #expect(wrongUnit.hasSuffix("got: 0\n\(line)"))
      let tooMany = try await message { try await test.expectNotEnqueued(Notice.self) }
      #expect(tooMany.hasSuffix("expected no enqueued test.notice, got: 1\n\(line)"))
      let wrongCount = try await message { try await test.expectEnqueued(Notice.self, count: 2) }
      #expect(wrongCount.hasSuffix("expected 2 enqueued test.notice, got: 1\n\(line)"))
    }
  }

  @Test("a transaction's own jobs are seen before it commits, by itself only")
  func transaction() async throws {
    try await TestQueue.with { test in
      try await test.pool.withTransaction { connection in
        try await test.queue.enqueue(Notice(unit: "a"), in: connection)
        try await test.expectEnqueued(Notice.self, count: 1, in: connection)
        try await test.expectNotEnqueued(Notice.self)
      }
      try await test.expectEnqueued(Notice.self, count: 1)
    }
  }
}
