import JobQueue
import JobQueueTesting
import JobWorker
import LibpqClient
import Testing

private struct Copy: JobPayload {
  static let kind = "test.copy"
  static let options = JobOptions(maxAttempts: 3, backoff: .constant(.milliseconds(1)))
  var pages = 8
}

private struct Broken: Error {}

@Suite("Progress and checkpoints")
struct ProgressTests {
  @Test("the newest report is seen while the job runs, and goes with its end")
  func progress() async throws {
    try await TestQueue.with { test in
      let (told, gate) = (Gate(), Gate())
      var registry = JobRegistry()
      registry.register(Copy.self) { job, context in
        for page in 0..<1000 {
          context.report(progress: Double(page) / 1000, "page \(page)\0")
        }
        told.open()
        await gate.pass()
        context.report(progress: 7)
      }
      let job = try await test.queue.enqueue(Copy())
      try await test.withWorker(registry) { _ in
        await told.pass()
        try await eventually("the newest report") {
          try await test.queue.story(job.id)?.progress?.fraction == 0.999
        }
        let progress = try #require(try await test.queue.story(job.id)?.progress)
        #expect(progress.note == "page 999\u{FFFD}")
        #expect(progress.attempt == 1)
        gate.open()
        try await test.wait(for: job.id, toBe: .succeeded)
      }
      #expect(try await test.queue.story(job.id)?.progress == nil)
      #expect(try await test.tracked() == 0)
      #expect(try await test.count("select count(*) from ong.job_progress") == 0)
    }
  }

  @Test("the next attempt reads what the last has kept")
  func checkpoint() async throws {
    try await TestQueue.with { test in
      let copied = Journal<Int>()
      var registry = JobRegistry()
      registry.register(Copy.self) { job, context in
        let start = try await context.checkpoint(as: Int.self) ?? 0
        for page in start..<job.pages {
          copied.add(page)
          try await context.checkpoint(page + 1)
          if page % 3 == 2, context.attempt == page / 3 + 1 { throw Broken() }
        }
      }
      let job = try await test.queue.enqueue(Copy())
      let totals = try await test.drain(registry, includingDueWithin: .seconds(5))
      #expect(totals.retried == 2)
      #expect(totals.succeeded == 1)
      #expect(copied.entries == Array(0..<8))
      #expect(try await test.queue.story(job.id)?.checkpoint == nil)
      #expect(try await test.tracked() == 0)
    }
  }

  @Test("a dead job keeps its checkpoint for the operator who retries it")
  func dead() async throws {
    try await TestQueue.with { test in
      var registry = JobRegistry()
      registry.register(Copy.self) { _, context in
        if try await context.checkpoint(as: String.self) == "kept" { return }
        if context.attempt == 3 { try await context.checkpoint("kept") }
        throw Broken()
      }
      let job = try await test.queue.enqueue(Copy())
      let totals = try await test.drain(registry, includingDueWithin: .seconds(5))
      #expect(totals.dead == 1)
      #expect(try await test.queue.story(job.id)?.checkpoint?.attempt == 3)
      try await test.queue.retryJob(job.id)
      #expect(try await test.drain(registry).succeeded == 1)
      try await test.pool.query("update ong.job_checkpoint set at = at - interval '1 hour'")
      try await test.pool.query("select ong.prune()")
      #expect(try await test.count("select count(*) from ong.job_checkpoint") == 0)
    }
  }

  @Test("a fenced worker keeps no checkpoint")
  func fenced() async throws {
    try await TestQueue.with { test in
      let (arrived, gate) = (Gate(), Gate())
      let errors = Journal<JobQueueError.Code>()
      var registry = JobRegistry()
      registry.register(Copy.self) { _, context in
        guard context.crashes == 0 else { return }
        arrived.open()
        await gate.pass()
        do {
          // A task of its own does not see that the worker drops the job.
          try await Task { try await context.checkpoint(1) }.value
        } catch let error as JobQueueError {
          errors.add(error.code)
        }
      }
      let job = try await test.queue.enqueue(Copy())
      let settings = WorkerConfiguration(heartbeat: .seconds(10), maintains: false)
      try await test.withWorker(registry, settings: settings) { _ in
        await arrived.pass()
        try await test.pool.query("select ong.rescue(epoch) from ong.worker_status()")
        gate.open()
        try await eventually("the checkpoint is refused") { errors.entries.count == 1 }
        try await test.wait(for: job.id, toBe: .succeeded)
      }
      #expect([.workerDead, .staleSession].contains(errors.entries[0]))
      #expect(try await test.count("select count(*) from ong.job_checkpoint") == 0)
    }
  }
}
