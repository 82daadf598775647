import JobQueue
import JobQueueTesting
import JobWorker
import Testing

private struct Say: JobPayload {
  static let kind = "test.say"
  static let options = JobOptions(maxAttempts: 1)
  var word: String
}

private struct Bad: Error {}

@Suite("Middleware")
struct MiddlewareTests {
  @Test("what is used first is outermost, results pass through, errors can be seen and changed")
  func order() async throws {
    try await TestQueue.with { test in
      let seen = Journal<String>()
      var registry = JobRegistry()
      registry.use { context, next in
        seen.add("1 before \(context.kind)")
        do {
          try await next()
          seen.add("1 after")
        } catch is Bad {
          throw JobControl.discard(reason: "bad")
        }
      }
      registry.register(Say.self) { job, _ in
        seen.add(job.word)
        if job.word == "bad" { throw Bad() }
        return job.word
      }
      registry.use { _, next in
        seen.add("2 before")
        try await next()
        seen.add("2 after")
      }
      let good = try await test.queue.enqueue(Say(word: "good"))
      try await test.drain(registry)
      #expect(
        seen.entries == ["1 before test.say", "2 before", "good", "2 after", "1 after"])
      #expect(
        try await test.queue.result(ofJob: good.id, as: String.self, within: .seconds(1)) == "good")
      let bad = try await test.queue.enqueue(Say(word: "bad"))
      #expect(try await test.drain(registry).discarded == 1)
      #expect(try await test.state(bad.id) == .discarded)
    }
  }
}
