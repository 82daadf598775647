import Foundation
import JobQueue
import JobQueueTesting
import JobWorker
import Logging
import Synchronization
import Testing

private struct Timely: JobPayload {
  static let kind = "test.timely"
  var number: Int
}

@Suite("Expiry and options in the worker")
struct JobOptionsTests {
  private static let trace = TraceContext(
    "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")!

  @Test("a job whose time has passed when a worker comes to it is dropped, others run")
  func expired() async throws {
    try await TestQueue.with { test in
      let late = try await test.queue.enqueue(
        Timely(number: 0), unique: .key("k", until: .settled),
        expires: .at(Date(timeIntervalSinceNow: -1)))
      let timely = try await test.queue.enqueue(
        Timely(number: 1), expires: .after(.seconds(3600)))
      let plain = try await test.queue.enqueue(Timely(number: 2))
      let ran = Mutex<Set<Int>>([])
      var registry = JobRegistry()
      registry.register(Timely.self) { job, _ in ran.withLock { _ = $0.insert(job.number) } }
      let totals = try await test.drain(registry)
      #expect(ran.withLock { $0 } == [1, 2])
      #expect(totals.expired == 1)
      #expect(totals.succeeded == 2)
      #expect(try await test.state(late.id) == .expired)
      #expect(try await test.state(timely.id) == .succeeded)
      #expect(try await test.state(plain.id) == .succeeded)
      let events = try #require(try await test.queue.story(late.id)).events
      #expect(events.map(\.event) == ["expired"])
      #expect(try await test.queue.end(ofJob: late.id, within: .seconds(5)).state == .expired)
      let next = try await test.queue.enqueue(Timely(number: 3), unique: .key("k", until: .settled))
      #expect(next != late)
    }
  }

  @Test("a handler sees tags, expiry and trace, and its logger carries the trace's id")
  func context() async throws {
    try await TestQueue.with { test in
      let expiresAt = Date(timeIntervalSince1970: 4_102_444_800.5)
      try await test.queue.enqueue(
        Timely(number: 0), expires: .at(expiresAt), tags: ["a", "ế"], trace: Self.trace)
      try await test.queue.enqueue(Timely(number: 1))
      let seen = Mutex<[Int: String]>([:])
      var registry = JobRegistry()
      registry.register(Timely.self) { job, context in
        context.logger.info("seen")
        let facts =
          "\(context.tags) \(context.expiresAt == expiresAt) \(context.trace == Self.trace)"
        seen.withLock { $0[job.number] = facts }
      }
      let journal = Journal<String>()
      try await test.worker(registry, logger: LogJournal.logger(journal)).drained()
      let traced = journal.entries.filter {
        $0.hasPrefix("seen") && $0.contains("trace=4bf92f3577b34da6a3ce929d0e0e4736")
      }
      #expect(traced.count == 1)
      let facts = seen.withLock { $0 }
      #expect(facts[0] == #"["a", "ế"] true true"#)
      #expect(facts[1] == "[] false false")
    }
  }
}
