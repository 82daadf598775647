import Foundation
import JobQueue
import JobQueueTesting
import JobWorker
import LibpqClient
import Synchronization
import Testing

private struct Step: JobPayload {
  static let kind = "test.step"
  var number = 0
}

/// Counts the handlers that run.
private final class Running: Sendable {
  private let counts = Mutex((now: 0, most: 0))

  var most: Int { counts.withLock(\.most) }

  func registry() -> JobRegistry {
    var registry = JobRegistry()
    registry.register(Step.self) { [self] _, _ in
      counts.withLock { $0 = ($0.now + 1, max($0.most, $0.now + 1)) }
      await Task.yield()
      counts.withLock { $0.now -= 1 }
    }
    return registry
  }
}

@Suite("Workers of limited queues")
struct LimitedWorkerTests {
  @Test("handlers of two workers never exceed the limit, and both work off the queue")
  func maxRunning() async throws {
    try await TestQueue.with { test in
      let running = Running()
      let registry = running.registry()
      try await test.queue.setLimits(QueueLimits(maxRunning: 3), of: "default")
      try await test.queue.enqueueMany((0..<60).map { Step(number: $0) })
      async let first = test.worker(registry).drained()
      async let second = test.worker(registry).drained()
      let (one, two) = try await (first, second)
      #expect(one.succeeded + two.succeeded == 60)
      #expect(running.most <= 3)
    }
  }

  @Test("the next job of a fifo key starts soon after the one before has ended")
  func handOver() async throws {
    try await TestQueue.with { test in
      let journal = Journal<(number: Int, at: ContinuousClock.Instant)>()
      var registry = JobRegistry()
      registry.register(Step.self) { job, _ in journal.add((job.number, .now)) }
      try await test.queue.setLimits(QueueLimits(keyOrder: .fifo), of: "default")
      try await test.pool.withConnection { connection in
        for number in 0..<30 {
          _ = try await connection.query(
            "select ong.enqueue('default', 'test.step', $1::jsonb, p_key => 'k')",
            [#"{"number": \#(number)}"#])
        }
      }
      try await test.drain(registry)
      let entries = journal.entries
      #expect(entries.map(\.number) == Array(0..<30))
      let gaps = zip(entries, entries.dropFirst()).map { $1.at - $0.at }.sorted()
      print("fifo hand-over p50 \(gaps[gaps.count / 2]) max \(gaps.last!)")
      // Without being woken it would be the 1 s of the worker's ladder.
      #expect(gaps[gaps.count / 2] < .milliseconds(200))
    }
  }

  @Test("a sleeping worker takes the job that another worker's settle made room for")
  func wokenBySettle() async throws {
    try await TestQueue.with { test in
      try await test.queue.setLimits(QueueLimits(maxRunning: 1), of: "default")
      let held = HeldHandler()
      try await test.queue.enqueue(Step())
      try await test.withWorker(held.registry(Step.self)) { _ in
        await held.started.pass()
        let handle = try await test.queue.enqueue(Step())
        var registry = JobRegistry()
        registry.register(Step.self) { _, _ in }
        try await test.withWorker(registry) { _ in
          #expect(try await test.state(handle.id) == .waiting)
          held.end.open()
          try await test.wait(for: handle.id, toBe: .succeeded)
        }
      }
    }
  }

  @Test("limits are read as they were set, and refused where they mean nothing")
  func roundTrip() async throws {
    try await TestQueue.with { test in
      let limits = QueueLimits(
        maxRunning: 5, rate: .init(100, per: .milliseconds(1500), burst: 7), keyOrder: .fair,
        maxRunningPerKey: 2, ratePerKey: .init(3))
      try await test.queue.setLimits(limits, of: "default")
      #expect(try await test.queue.limits(of: "default") == limits)
      let handle = try await test.queue.enqueue(Step())
      #expect(try await test.queue.story(handle.id)?.limits == limits)
      for bad in [
        QueueLimits(maxRunning: 0), QueueLimits(rate: .init(-1)),
        QueueLimits(ratePerKey: .init(1, per: .zero)),
      ] {
        let error = await #expect(throws: JobQueueError.self) {
          try await test.queue.setLimits(bad, of: "default")
        }
        #expect(error?.code == .badArgument)
      }
      try await test.queue.setLimits(QueueLimits(), of: "default")
      #expect(try await test.queue.limits(of: "default") == QueueLimits())
    }
  }
}
