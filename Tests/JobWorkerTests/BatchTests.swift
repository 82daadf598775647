import JobQueue
import JobQueueTesting
import JobWorker
import Synchronization
import Testing

private struct Row: JobPayload {
  static let kind = "test.row"
  static let options = JobOptions(maxAttempts: 2, backoff: .constant(.milliseconds(1)))
  var number: Int
}

/// Another reading of what is enqueued as `test.row`.
private struct Word: JobPayload {
  static let kind = "test.row"
  var word: String
}

private struct Plain: JobPayload {
  static let kind = "test.plain"
}

private struct Broken: Error {}

@Suite("Batch handlers")
struct BatchTests {
  @Test("one call takes many jobs, no more than the limit, and each exactly once")
  func many() async throws {
    try await TestQueue.with { test in
      let calls = Journal<[Int]>()
      var registry = JobRegistry()
      registry.registerBatch(Row.self, upTo: 50) { jobs in
        #expect(Set(jobs.map(\.context.id)).count == jobs.count)
        calls.add(jobs.map(\.payload.number))
        return jobs.allSucceeded()
      }
      registry.register(Plain.self) { _, _ in }
      try await test.queue.enqueueMany((0..<500).map { Row(number: $0) })
      try await test.queue.enqueueMany((0..<20).map { _ in Plain() })
      let totals = try await test.drain(registry)
      #expect(totals.succeeded == 520)
      #expect(calls.entries.flatMap { $0 }.sorted() == Array(0..<500))
      #expect(calls.entries.allSatisfy { $0.count <= 50 })
      // Slots that come at the same time may begin calls of their own.
      #expect(calls.entries.count < 40)
    }
  }

  @Test("jobs that trickle in are gathered while the first may wait")
  func trickle() async throws {
    try await TestQueue.with { test in
      let calls = Journal<Int>()
      var registry = JobRegistry()
      registry.registerBatch(Row.self, upTo: 5, within: .seconds(1)) { jobs in
        calls.add(jobs.count)
        return jobs.allSucceeded()
      }
      try await test.withWorker(registry) { worker in
        for number in 0..<5 {
          try await test.queue.enqueue(Row(number: number))
        }
        try await eventually("all five") { worker.totals.succeeded == 5 }
      }
      #expect(calls.entries == [5])
    }
  }

  @Test("each job has its own outcome and result, and a payload that does not decode is alone dead")
  func outcomes() async throws {
    try await TestQueue.with { test in
      var registry = JobRegistry()
      registry.registerBatch(Row.self) { jobs in
        jobs.map { job -> BatchOutcome in
          switch job.payload.number {
          case 0: .succeeded("zero")
          case 1 where job.context.attempt == 1: .failed(Broken())
          case 2: .failed(JobControl.discard(reason: "two"))
          default: .succeeded
          }
        }
      }
      let jobs = try await test.queue.enqueueMany((0..<4).map { Row(number: $0) })
      try await test.queue.enqueue(Word(word: "x"))
      let totals = try await test.drain(registry, includingDueWithin: .seconds(5))
      #expect(totals.succeeded == 3)
      #expect(totals.retried == 1)
      #expect(totals.discarded == 1)
      #expect(totals.dead == 1)
      #expect(
        try await test.queue.result(ofJob: jobs[0].id, as: String.self, within: .seconds(1))
          == "zero")
    }
  }

  @Test("what the handler throws, or a wrong number of outcomes, counts for all")
  func thrown() async throws {
    try await TestQueue.with { test in
      let calls = Atomic(0)
      var registry = JobRegistry()
      registry.registerBatch(Row.self) { jobs -> [BatchOutcome] in
        if calls.add(1, ordering: .relaxed).newValue == 1 { throw Broken() }
        return [.succeeded]
      }
      try await test.queue.enqueueMany((0..<3).map { Row(number: $0) })
      let totals = try await test.drain(registry, includingDueWithin: .seconds(5))
      #expect(totals.retried == 3)
      #expect(totals.dead == 3 || totals.succeeded > 0)
    }
  }

  @Test("an operator's cancellation of one job leaves the others of its call alone")
  func cancelOne() async throws {
    try await TestQueue.with { test in
      let (started, gate) = (Gate(), Gate())
      var registry = JobRegistry()
      registry.registerBatch(Row.self, upTo: 3) { jobs in
        started.open()
        await gate.pass()
        return jobs.map { $0.context.isCancelled ? .failed(CancellationError()) : .succeeded }
      }
      let jobs = try await test.queue.enqueueMany((0..<3).map { Row(number: $0) })
      try await test.withWorker(registry) { worker in
        await started.pass()
        for job in jobs { try await test.wait(for: job.id, toBe: .running) }
        try await test.queue.cancelJob(jobs[0].id)
        // Told by a notification; the next heartbeat would tell again.
        try await Task.sleep(for: .milliseconds(300))
        gate.open()
        try await test.wait(for: jobs[0].id, toBe: .cancelled)
        try await test.wait(for: jobs[1].id, toBe: .succeeded)
        try await test.wait(for: jobs[2].id, toBe: .succeeded)
      }
    }
  }
}
