import JobQueue
import JobQueueTesting
import JobWorker
import Testing

struct CountWords: Job {
  static let kind = "text.count-words"
  var text: String

  func run(in context: JobContext) async throws -> Int {
    text.split(separator: " ").count
  }
}

@Test("The page results.md: a result is awaited by its handle")
func resultsPage() async throws {
  try await TestQueue.with { test in
    let queue = test.queue
    var registry = JobRegistry()
    registry.register(CountWords.self)
    try await test.withWorker(registry) { _ in
      let job = try await queue.enqueue(CountWords(text: "một hai ba"))
      let words = try await queue.result(of: job, within: .seconds(10))
      #expect(words == 3)
    }
  }
}
