import JobQueue
import JobQueueTesting
import JobWorker
import LibpqClient
import Synchronization
import Testing

struct RenderPage: Job {
  static let kind = "report.render-page"
  static let pages = Mutex<[Int]>([])
  var page: Int

  func run(in context: JobContext) async throws {
    Self.pages.withLock { $0.append(page) }
  }
}

@Test("The page keys.md: the jobs of a fifo key run in their order")
func keysPage() async throws {
  try await TestQueue.with(queues: ["reports"]) { test in
    let queue = test.queue
    try await test.pool.withConnection { connection in
      try await queue.setLimits(QueueLimits(keyOrder: .fifo), of: "reports")
      for page in 1...3 {
        try await connection.query(
          "select ong.enqueue('reports', 'report.render-page', $1, p_key => 'tenant 7')",
          [JSONText(#"{"page": \#(page)}"#)])
      }
    }
    var registry = JobRegistry()
    registry.register(RenderPage.self)
    try await test.drain(registry, settings: WorkerConfiguration(queues: ["reports": 4]))
    #expect(RenderPage.pages.withLock { $0 } == [1, 2, 3])
  }
}
