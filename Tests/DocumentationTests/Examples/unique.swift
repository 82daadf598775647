import JobQueue
import JobQueueTesting
import Testing

struct RenderStatement: Job {
  static let kind = "statement.render"
  var customer: Int
  var month: String

  var uniqueness: JobUniqueness? { .payload(until: .settled) }

  func run(in context: JobContext) async throws {}
}

@Test("The page unique.md: a job that waits is replaced by its equal")
func uniquePage() async throws {
  try await TestQueue.with { test in
    let queue = test.queue
    let first = try await queue.enqueue(
      RenderStatement(customer: 7, month: "2026-03"), delay: .seconds(5),
      unique: .key("customer 7", onConflict: .replace))
    let second = try await queue.enqueue(
      RenderStatement(customer: 7, month: "2026-04"), delay: .seconds(5),
      unique: .key("customer 7", onConflict: .replace))
    #expect(first == second)
    let story = try await queue.story(first.id)
    #expect(story?.json.contains("2026-04") == true)
  }
}
