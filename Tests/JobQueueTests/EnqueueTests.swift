import Foundation
import JobQueue
import JobQueueTesting
import LibpqClient
import Testing

private struct Note: JobPayload {
  static let kind = "test.note"
  static let options = JobOptions(queue: "notes", priority: .high)
  var text: String
}

private struct Rollback: Error {}

@Suite("Enqueueing")
struct EnqueueTests {
  private func with(_ body: (TestQueue) async throws -> Void) async throws {
    try await TestQueue.with(queues: ["notes", "default"], body)
  }

  private func code(_ body: () async throws -> Void) async throws -> JobQueueError.Code? {
    do {
      try await body()
      return nil
    } catch let error as JobQueueError {
      return error.code
    }
  }

  @Test("a job goes to the queue and band of its kind's options, or where the call says")
  func options() async throws {
    try await with { test in
      let first = try await test.queue.enqueue(Note(text: "a"))
      let second = try await test.queue.enqueue(Note(text: "b"), queue: "default", priority: .low)
      let jobs = try await test.queue.jobs()
      #expect(jobs.map(\.id) == [second.id, first.id])
      #expect(jobs.map(\.queue) == ["default", "notes"])
      #expect(jobs.map(\.priority) == [.low, .high])
      #expect(jobs.map(\.state) == [.waiting, .waiting])
    }
  }

  @Test("a job commits with the caller's transaction")
  func commit() async throws {
    try await with { test in
      let handle = try await test.pool.withTransaction { connection in
        try await connection.query("create table form (id int)")
        return try await test.queue.enqueue(Note(text: "a"), in: connection)
      }
      #expect(try await test.state(handle.id) == .waiting)
    }
  }

  @Test("a job vanishes with the caller's transaction, and nobody sees it before")
  func rollback() async throws {
    try await with { test in
      await #expect(throws: Rollback.self) {
        try await test.pool.withTransaction { connection in
          try await test.queue.enqueue(Note(text: "a"), in: connection)
          try await test.queue.enqueueMany([Note(text: "b"), Note(text: "c")], in: connection)
          #expect(try await test.queue.queues().map(\.waiting) == [0, 0])
          throw Rollback()
        }
      }
      let left = try await test.queue.jobs()
      #expect(left.isEmpty)
    }
  }

  @Test("many jobs get their ids in order")
  func many() async throws {
    try await with { test in
      let handles = try await test.queue.enqueueMany((0..<1000).map { Note(text: "\($0)") })
      #expect(handles.count == 1000)
      #expect(handles.map(\.id) == handles.map(\.id).sorted())
      let status = try #require(try await test.queue.queues().last)
      #expect(status.name == "notes")
      #expect(status.waiting == 1000)
      #expect(status.oldestWaiting != nil)
    }
  }

  @Test("a bulk of jobs goes in by COPY, all or none of it")
  func bulk() async throws {
    try await with { test in
      let count = try await test.queue.enqueueBulk(
        (0..<20_000).lazy.map { Note(text: "\($0) ỗ") }, priority: .low)
      #expect(count == 20_000)
      let job = try #require(try await test.queue.jobs(JobFilter(limit: 1)).first)
      #expect(job.kind == "test.note")
      #expect(job.priority == .low)
      let large = Note(text: String(repeating: "x", count: 2 << 20))
      let refused = try await code {
        try await test.queue.enqueueBulk([Note(text: "fine"), large])
      }
      #expect(refused == .payloadTooLarge)
      let unfit = try await code {
        try await test.queue.enqueueBulk([Note(text: "fine"), Note(text: "NUL \u{0}")])
      }
      #expect(unfit == .invalidPayload)
      await #expect(throws: Rollback.self) {
        try await test.pool.withTransaction { connection in
          try await test.queue.enqueueBulk([Note(text: "a")], in: connection)
          throw Rollback()
        }
      }
      let status = try #require(try await test.queue.queues().last)
      #expect(status.waiting == 20_000)
      let escaped = Note(text: #"no NUL: \u0000, "\\u0000""#)
      try await test.queue.enqueueBulk([escaped], queue: "default")
      let kept = try await test.pool.query(
        "select payload::jsonb ->> 'text' from ong.job order by id desc limit 1")
      #expect(try kept[0, 0].decode(String.self) == escaped.text)
    }
  }

  @Test("a delayed job is scheduled by the server's clock")
  func delay() async throws {
    try await with { test in
      let handle = try await test.queue.enqueue(Note(text: "a"), delay: .seconds(3600))
      let job = try #require(try await test.queue.jobs().first)
      #expect(job.id == handle.id)
      #expect(job.state == .scheduled)
      let wait = try #require(job.runAt).timeIntervalSince(job.enqueuedAt)
      #expect(abs(wait - 3600) < 5)
      let past = try await test.queue.enqueue(
        Note(text: "b"), runAt: Date(timeIntervalSince1970: 0))
      #expect(try await test.state(past.id) == .waiting)
    }
  }

  @Test("while a job with a unique key waits, another is kept out, replaces it or is refused")
  func unique() async throws {
    try await with { test in
      let hour = Duration.seconds(3600)
      let first = try await test.queue.enqueue(Note(text: "a"), delay: hour, unique: .key("k"))
      let kept = try await test.queue.enqueue(Note(text: "b"), unique: .key("k"))
      #expect(kept == first)
      let replaced = try await test.queue.enqueue(
        Note(text: "c"), delay: hour * 2, unique: .key("k", onConflict: .replace))
      #expect(replaced == first)
      let code = try await code {
        try await test.queue.enqueue(Note(text: "d"), unique: .key("k", onConflict: .raise))
      }
      #expect(code == .uniqueConflict)
      let story = try #require(try await test.queue.story(first.id))
      #expect(story.json.contains("\"c\""))
      #expect(story.uniqueKey == "k")
      #expect(try await test.queue.jobs().count == 1)
    }
  }

  @Test("what can't be enqueued is refused with a reason, and nothing is lost or half done")
  func refusals() async throws {
    try await with { test in
      let queue = test.queue
      let nowhere = try await code {
        try await queue.enqueue(Note(text: "a"), queue: "nowhere")
      }
      #expect(nowhere == .unknownQueue)
      let large = Note(text: String(repeating: "x", count: 2 << 20))
      let tooLarge = try await code { try await queue.enqueue(large) }
      #expect(tooLarge == .payloadTooLarge)
      let nul = try await code { try await queue.enqueue(Note(text: "a\0b")) }
      #expect(nul == .invalidPayload)
      let year10000 = Date(timeIntervalSince1970: 253_402_300_800)
      let tooFar = try await code { try await queue.enqueue(Note(text: "a"), runAt: year10000) }
      #expect(tooFar == .badArgument)
      let hostile = String(repeating: "k", count: 1 << 20)
      let longKey = try await code {
        try await queue.enqueue(Note(text: "a"), unique: .key(hostile))
      }
      #expect(longKey == .badArgument)
      let notJSON = try await code {
        try await queue.enqueue(kind: "x", json: "{", queue: "default")
      }
      #expect(notJSON == .invalidPayload)
      let oneOfTwo = try await code {
        try await queue.enqueueMany([Note(text: "fine"), large])
      }
      #expect(oneOfTwo == .payloadTooLarge)
      #expect(try await queue.jobs().isEmpty)
    }
  }
}
