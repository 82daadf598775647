import JobQueue
import JobQueueTesting
import JobWorker
import Synchronization
import Testing

struct SendMail: Job {
  static let kind = "mail.send"
  static let running = Mutex((now: 0, most: 0))

  func run(in context: JobContext) async throws {
    Self.running.withLock { $0 = ($0.now + 1, max($0.most, $0.now + 1)) }
    await Task.yield()
    Self.running.withLock { $0.now -= 1 }
  }
}

@Test("The page limits.md: a queue with limits works off its jobs")
func limitsPage() async throws {
  try await TestQueue.with(queues: ["mail"]) { test in
    let queue = test.queue
    var limits = QueueLimits(maxRunning: 2)
    limits.rate = .init(100, per: .seconds(60), burst: 10)
    try await queue.setLimits(limits, of: "mail")
    let inForce = try await queue.limits(of: "mail")
    #expect(inForce == limits)
    try await queue.enqueueMany((0..<8).map { _ in SendMail() }, queue: "mail")
    var registry = JobRegistry()
    registry.register(SendMail.self)
    try await test.drain(registry, settings: WorkerConfiguration(queues: ["mail": 8]))
    #expect(SendMail.running.withLock(\.most) <= 2)
  }
}
