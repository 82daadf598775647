import JobQueue
import JobQueueTesting
import JobWorker
import Testing

private struct Broken: Error, CustomStringConvertible {
  var description = "the printer is on fire"
}

private struct Greet: JobPayload {
  static let kind = "test.greet"
  static let options = JobOptions(maxAttempts: 3, backoff: .constant(.milliseconds(1)))
  var name: String
}

/// Another reading of what is enqueued as `test.greet`.
private struct Count: JobPayload {
  static let kind = "test.greet"
  var number: Int
}

@Suite("Outcomes against a real server")
struct OutcomeTests {
  @Test("a job runs once and succeeds")
  func success() async throws {
    try await TestQueue.with { test in
      let seen = Journal<String>()
      var registry = JobRegistry()
      registry.register(Greet.self) { job, context in
        #expect(context.attempt == 1)
        #expect(context.queue == "default")
        seen.add(job.name)
      }
      let handle = try await test.queue.enqueue(Greet(name: "Ong thợ"))
      let totals = try await test.drain(registry)
      #expect(totals.succeeded == 1)
      #expect(seen.entries == ["Ong thợ"])
      #expect(try await test.state(handle.id) == .succeeded)
    }
  }

  @Test("every one of many jobs of all bands runs exactly once")
  func many() async throws {
    try await TestQueue.with { test in
      let seen = Journal<String>()
      var registry = JobRegistry()
      registry.register(Greet.self) { job, _ in seen.add(job.name) }
      for band in JobPriority.allCases {
        try await test.queue.enqueueMany(
          (0..<700).map { Greet(name: "\(band) \($0)") }, priority: band)
      }
      let totals = try await test.drain(registry)
      #expect(totals.succeeded == 2800)
      #expect(seen.entries.count == 2800)
      #expect(Set(seen.entries).count == 2800)
    }
  }

  @Test("a failed job is tried again and its attempts are counted")
  func retry() async throws {
    try await TestQueue.with { test in
      let attempts = Journal<Int>()
      var registry = JobRegistry()
      registry.register(Greet.self) { _, context in
        attempts.add(context.attempt)
        if context.attempt < 3 { throw Broken() }
        #expect(context.isLastAttempt)
      }
      let handle = try await test.queue.enqueue(Greet(name: "a"))
      let totals = try await test.drain(registry, includingDueWithin: .seconds(5))
      #expect(attempts.entries == [1, 2, 3])
      #expect(totals.retried == 2)
      #expect(totals.succeeded == 1)
      let story = try #require(try await test.queue.story(handle.id))
      #expect(story.events.map(\.event) == ["retried", "retried"])
      #expect(story.events.first?.detail == "Broken: the printer is on fire")
    }
  }

  @Test("a job out of attempts becomes a dead letter with its error, and can be retried")
  func dead() async throws {
    try await TestQueue.with { test in
      var registry = JobRegistry()
      registry.register(Greet.self) { _, _ in throw Broken() }
      let handle = try await test.queue.enqueue(Greet(name: "a"))
      let totals = try await test.drain(registry, includingDueWithin: .seconds(5))
      #expect(totals.dead == 1)
      let dead = try await test.queue.deadJobs()
      #expect(dead.map(\.id) == [handle.id])
      #expect(dead.first?.error == "Broken: the printer is on fire")
      #expect(dead.first?.attempt == 3)

      var mended = JobRegistry()
      mended.register(Greet.self) { _, _ in }
      try await test.queue.retryJob(handle.id)
      #expect(try await test.drain(mended).succeeded == 1)
      #expect(try await test.state(handle.id) == .succeeded)
    }
  }

  @Test("a snoozed job comes back without having used an attempt")
  func snooze() async throws {
    try await TestQueue.with { test in
      let attempts = Journal<Int>()
      var registry = JobRegistry()
      registry.register(Greet.self) { _, context in
        attempts.add(context.attempt)
        if attempts.entries.count < 5 { throw JobControl.snooze(for: .milliseconds(1)) }
      }
      try await test.queue.enqueue(Greet(name: "a"))
      let totals = try await test.drain(registry, includingDueWithin: .seconds(5))
      #expect(attempts.entries == [1, 1, 1, 1, 1])
      #expect(totals.snoozed == 4)
      #expect(totals.succeeded == 1)
    }
  }

  @Test("a discarded job ends with its reason")
  func discard() async throws {
    try await TestQueue.with { test in
      var registry = JobRegistry()
      registry.register(Greet.self) { _, _ in
        throw JobControl.discard(reason: "the unit was dissolved")
      }
      let handle = try await test.queue.enqueue(Greet(name: "a"))
      #expect(try await test.drain(registry).discarded == 1)
      let story = try #require(try await test.queue.story(handle.id))
      #expect(story.state == .discarded)
      #expect(story.events.last?.detail == "the unit was dissolved")
    }
  }

  @Test("a payload that does not decode is dead at once, and the error says what is wrong")
  func undecodable() async throws {
    try await TestQueue.with { test in
      var registry = JobRegistry()
      registry.register(Count.self) { _, _ in }
      try await test.queue.enqueue(Greet(name: "a"))
      #expect(try await test.drain(registry).dead == 1)
      let error = try #require(try await test.queue.deadJobs().first?.error)
      #expect(error.contains("lacks the key number"))
    }
  }

  @Test("an unknown kind is parked, and runs when a worker that knows it registers")
  func park() async throws {
    try await TestQueue.with { test in
      let handle = try await test.queue.enqueue(Greet(name: "a"))
      #expect(try await test.drain(JobRegistry()).parked == 1)
      #expect(try await test.state(handle.id) == .parked)
      var knowing = JobRegistry()
      knowing.register(Greet.self) { _, context in #expect(context.attempt == 1) }
      #expect(try await test.drain(knowing).succeeded == 1)
      #expect(try await test.state(handle.id) == .succeeded)
    }
  }

  @Test("a claim whose jobs end in every possible way reports each of them")
  func mixed() async throws {
    try await TestQueue.with { test in
      var registry = JobRegistry()
      registry.register(Count.self) { job, context in
        switch job.number % 5 {
        case 0 where context.attempt == 1: throw Broken()
        case 1: throw JobControl.discard(reason: "odd")
        default: break
        }
      }
      try await test.queue.enqueueMany((0..<500).map { Count(number: $0) })
      try await test.queue.enqueueMany((0..<20).map { Greet(name: "\($0)") })
      let totals = try await test.drain(registry, includingDueWithin: .seconds(5))
      #expect(totals.succeeded == 400)
      #expect(totals.retried == 100)
      #expect(totals.discarded == 100)
      #expect(totals.dead == 20)
      let status = try #require(try await test.queue.queues().first)
      #expect(status.waiting + status.running + status.retrying == 0)
      #expect(status.dead == 20)
    }
  }
}
