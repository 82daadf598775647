import Foundation
import JobQueue
import JobQueueTesting
import JobWorker
import LibpqClient
import Logging
import Testing

struct SendCode: Job {
  static let kind = "code.send"
  var phone: String

  func run(in context: JobContext) async throws {
    context.logger.info("code sent", metadata: ["tags": "\(context.tags)"])
  }
}

@Test("The page enqueueing.md: in the caller's transaction, with options, by statement and in bulk")
func enqueueingPage() async throws {
  try await TestQueue.with { test in
    let (queue, pool) = (test.queue, test.pool)
    let traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    try await pool.withConnection {
      try await $0.execute(script: "create table login (phone text)")
    }
    try await pool.withTransaction { connection in
      try await connection.query("insert into login (phone) values ($1)", ["+84 24 1"])
      try await queue.enqueue(SendCode(phone: "+84 24 1"), in: connection)
    }
    let job = try await queue.enqueue(
      SendCode(phone: "+84 24 1"), priority: .urgent, expires: .after(.seconds(60)),
      tags: ["login", "sms"], trace: TraceContext(traceparent))
    let statement = try queue.statement(for: SendCode(phone: "+84 24 2"), tags: ["login"])
    try await queue.enqueueMany(
      [SendCode(phone: "+84 24 3"), SendCode(phone: "+84 24 4")], key: { $0.phone },
      unique: { .key($0.phone, until: .window(.seconds(30))) })
    let sent = try await queue.enqueueBulk((0..<10_000).lazy.map { SendCode(phone: "+84 \($0)") })
    #expect(sent == 10_000)
    #expect(statement.parameters.count == 5)
    let story = try await queue.story(job.id)
    #expect(story?.tags == ["login", "sms"])
    #expect(story?.trace?.description == traceparent)
  }
}
