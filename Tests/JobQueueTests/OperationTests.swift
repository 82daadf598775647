import Foundation
import JobQueue
import JobQueueTesting
import LibpqClient
import Testing

private struct Note: JobPayload {
  static let kind = "test.note"
  var text: String
}

private struct Other: JobPayload {
  static let kind = "test.other"
}

@Suite("Inspection and operations")
struct OperationTests {
  @Test("jobs are found by queue, state and kind, page by page")
  func find() async throws {
    try await TestQueue.with(queues: ["default", "second"]) { test in
      try await test.queue.enqueueMany((0..<5).map { Note(text: "\($0)") })
      try await test.queue.enqueue(Other(), queue: "second")
      try await test.queue.enqueue(Other(), delay: .seconds(60))
      #expect(try await test.queue.jobs(JobFilter(queue: "second")).count == 1)
      #expect(try await test.queue.jobs(JobFilter(state: .scheduled)).map(\.kind) == ["test.other"])
      #expect(try await test.queue.jobs(JobFilter(kind: "test.note")).count == 5)
      let page = try await test.queue.jobs(JobFilter(kind: "test.note", limit: 2))
      let next = try await test.queue.jobs(
        JobFilter(kind: "test.note", before: page.last?.id, limit: 10))
      #expect(page.count == 2)
      #expect(next.count == 3)
      #expect(Set(page + next).count == 5)
    }
  }

  @Test("a paused queue says since when")
  func pause() async throws {
    try await TestQueue.with { test in
      try await test.queue.pauseQueue("default")
      #expect(try await test.queue.queues().first?.isPaused == true)
      try await test.queue.resumeQueue("default")
      #expect(try await test.queue.queues().first?.isPaused == false)
    }
  }

  @Test("a waiting or scheduled job can be cancelled, and only once")
  func cancel() async throws {
    try await TestQueue.with { test in
      let waiting = try await test.queue.enqueue(Note(text: "a"))
      let scheduled = try await test.queue.enqueue(Note(text: "b"), delay: .seconds(60))
      for handle in [waiting, scheduled] {
        #expect(try await test.queue.cancelJob(handle.id) == "cancelled")
        #expect(try await test.state(handle.id) == .cancelled)
        await #expect(throws: JobQueueError.self) { try await test.queue.cancelJob(handle.id) }
      }
    }
  }

  @Test("what is said to a job that is not there names that")
  func unknownJob() async throws {
    try await TestQueue.with { test in
      let story = try await test.queue.story(1 << 50)
      #expect(story == nil)
      let error = await #expect(throws: JobQueueError.self) {
        try await test.queue.retryJob(1 << 50)
      }
      #expect(error?.code == .jobNotFound)
      #expect(error?.hint != nil)
    }
  }

  @Test("the story of a claimed job names who has it; a dead letter can be listed and discarded")
  func story() async throws {
    try await TestQueue.with { test in
      let handle = try await test.queue.enqueue(Note(text: "a"))
      let worker = try await test.pool.withConnection { connection in
        let epoch = UUID()
        try await connection.query(
          """
          select ong.register_worker($1, 'host', 7, '1', 1, array['default'], array['test.note'])
          """, [epoch])
        let claimed = try await connection.query(
          "select lane, seq from ong.claim($1, 1, 'default', 1)", [epoch])
        let running = try #require(try await test.queue.story(handle.id))
        #expect(running.state == .running)
        #expect(running.claims.first?.worker == epoch)
        #expect(running.claims.first?.host == "host")
        #expect(running.claims.first?.settledAt == nil)
        try await connection.query(
          """
          select ong.settle($1, 1, $2, $3, null, true, jsonb_build_array(jsonb_build_object( \
          'id', $4::bigint, 'outcome', 'dead', 'error', 'no paper')))
          """,
          [
            epoch, try claimed[0, 0].decode(Int32.self), try claimed[0, 1].decode(Int64.self),
            handle.id,
          ])
        return try #require(try await test.queue.workers().first)
      }
      #expect(worker.kinds == ["test.note"])
      #expect(worker.isConnected)
      let dead = try #require(try await test.queue.story(handle.id))
      #expect(dead.state == .dead)
      #expect(dead.error == "no paper")
      #expect(dead.events.map(\.event) == ["dead"])
      #expect(dead.claims.first?.settledAt != nil)
      let letter = try #require(try await test.queue.deadJobs(kind: "test.note").first)
      #expect(letter.payload == #"{"text": "a"}"#)
      #expect(try await test.queue.deadJobs(kind: "other").isEmpty)
      #expect(try await test.queue.retryDead(kind: "other") == 0)
      try await test.queue.discardJob(handle.id)
      #expect(try await test.state(handle.id) == .discarded)
    }
  }
}
