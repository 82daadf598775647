import JobQueue
import JobQueueTesting
import Testing

private struct Import: Job {
  static let kind = "import"
  var row: Int

  func run(in context: JobContext) async throws {}
}

@Test("The page backpressure.md: a full queue refuses, or is waited for")
func backpressurePage() async throws {
  try await TestQueue.with(queues: ["default", "imports"]) { test in
    let queue = test.queue
    try await queue.setBackpressure("imports", maxWaiting: 2, maxAge: .seconds(60))
    try await queue.enqueueMany([Import(row: 1), Import(row: 2)], queue: "imports")
    do {
      try await queue.enqueue(Import(row: 3), queue: "imports", waitingUpTo: .milliseconds(50))
    } catch let error as JobQueueError where error.code == .queueFull {
      print("later: \(error)")
    }
    let waiting = try await queue.queues().last?.waiting
    #expect(waiting == 2)
  }
}
