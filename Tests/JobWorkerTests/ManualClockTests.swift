import Foundation
import JobQueue
import JobQueueTesting
import JobWorker
import LibpqClient
import Testing

private struct Broken: Error {}

private struct Greet: JobPayload {
  static let kind = "test.greet"
  static let options = JobOptions(maxAttempts: 3, backoff: .constant(.seconds(600)))
  var name: String
}

@Suite("The manual clock")
struct ManualClockTests {
  private func registry(_ seen: Journal<String>) -> JobRegistry {
    var registry = JobRegistry()
    registry.register(Greet.self) { job, context in
      seen.add("\(job.name) \(context.attempt)")
      if job.name == "bad" { throw Broken() }
    }
    return registry
  }

  @Test("a scheduled job stays put until the clock has come there")
  func scheduled() async throws {
    try await TestQueue.with(clock: .manual) { test in
      let seen = Journal<String>()
      let id = try await test.queue.enqueue(Greet(name: "a"), delay: .seconds(3 * 3600)).id
      try await test.advance(by: .seconds(3 * 3600 - 60))
      try await test.drain(registry(seen))
      #expect(try await test.state(id) == .scheduled)
      try await test.advance(by: .seconds(60))
      #expect(try await test.state(id) == .waiting)
      try await test.drain(registry(seen))
      #expect(seen.entries == ["a 1"])
    }
  }

  @Test("delays and times of jobs that are enqueued later count from the manual now")
  func later() async throws {
    try await TestQueue.with(clock: .manual) { test in
      let real = Date()
      try await test.advance(by: .seconds(86_400))
      #expect(try await test.now().timeIntervalSince(real) >= 86_400)
      let delayed = try await test.queue.enqueue(Greet(name: "a"), delay: .seconds(60)).id
      let tomorrow = try await test.queue.enqueue(
        Greet(name: "b"), runAt: real.addingTimeInterval(86_400 + 7200)
      ).id
      let past = try await test.queue.enqueue(
        Greet(name: "c"), runAt: real.addingTimeInterval(86_000)
      ).id
      #expect(try await test.state(delayed) == .scheduled)
      #expect(try await test.state(tomorrow) == .scheduled)
      #expect(try await test.state(past) == .waiting)
      let job = try #require(try await test.queue.jobs().first { $0.id == past })
      #expect(job.enqueuedAt.timeIntervalSince(real) >= 86_400)
      try await test.advance(to: real.addingTimeInterval(86_400 + 7200))
      #expect(try await test.state(delayed) == .waiting)
      #expect(try await test.state(tomorrow) == .waiting)
    }
  }

  @Test("a retry of ten minutes takes no ten minutes, up to the dead letter")
  func retries() async throws {
    try await TestQueue.with(clock: .manual) { test in
      let seen = Journal<String>()
      let id = try await test.queue.enqueue(Greet(name: "bad")).id
      for _ in 1...2 {
        try await test.drain(registry(seen))
        #expect(try await test.state(id) == .retrying)
        try await test.advance(by: .seconds(600))
      }
      try await test.drain(registry(seen))
      #expect(try await test.state(id) == .dead)
      #expect(seen.entries == ["bad 1", "bad 2", "bad 3"])
    }
  }

  @Test("a running worker lives on through an advance of days and takes what has become due")
  func running() async throws {
    try await TestQueue.with(clock: .manual) { test in
      let seen = Journal<String>()
      let id = try await test.queue.enqueue(Greet(name: "a"), delay: .seconds(5 * 86_400)).id
      try await test.withWorker(registry(seen)) { _ in
        try await eventually("a worker is there") { try await test.queue.workers().count == 1 }
        let epoch = try await test.queue.workers().first?.epoch
        try await test.advance(by: .seconds(5 * 86_400))
        try await test.wait(for: id, toBe: .succeeded)
        _ = try await test.pool.query("select ong.rescue_lost(p_stale => interval '1 hour')")
        #expect(try await test.queue.workers().map(\.epoch) == [epoch])
      }
    }
  }

  @Test("a schedule's ticks come with the clock")
  func schedule() async throws {
    try await TestQueue.with(clock: .manual) { test in
      _ = try await test.pool.query(
        "select ong.put_schedule('daily', '@daily', 'default', 'test.greet', '{\"name\": \"d\"}')")
      try await test.expectNotEnqueued(Greet.self)
      for day in 1...2 {
        try await test.advance(by: .seconds(86_400))
        try await test.expectEnqueued(Greet.self, count: 1)
        let seen = Journal<String>()
        try await test.drain(registry(seen))
        #expect(seen.entries == ["d 1"], "day \(day)")
      }
    }
  }

  @Test("without a manual clock an advance is refused with the remedy")
  func refused() async throws {
    try await TestQueue.with { test in
      _ = await #expect(throws: TestQueueError.noManualClock) {
        try await test.advance(by: .seconds(1))
      }
    }
  }
}
