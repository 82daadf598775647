import Dispatch
import JobQueue
import JobQueueTesting
import JobWorker
import Testing

private struct Hang: JobPayload {
  static let kind = "test.hang"
  static let options = JobOptions(maxAttempts: 1, timeout: .milliseconds(50))
}

private struct Block: JobPayload {
  static let kind = "test.block"
  static let options = JobOptions(maxAttempts: 1, timeout: .milliseconds(50))
  static let execution = JobExecution.blocking
}

private struct Next: JobPayload {
  static let kind = "test.next"
}

@Suite("Handlers that hang")
struct HangingHandlerTests {
  private static let settings = WorkerConfiguration(
    queues: ["default": 1], stopGrace: .milliseconds(50))

  @Test("the slot of a handler that does not end goes on, and its late return counts for nothing")
  func slotGoesOn() async throws {
    try await TestQueue.with { test in
      let (gate, ended) = (Gate(), Gate())
      var registry = JobRegistry()
      registry.register(Hang.self) { _, context in
        await gate.pass()
        #expect(context.isCancelled)
        ended.open()
      }
      registry.register(Next.self) { _, _ in }
      let hanging = try await test.queue.enqueue(Hang())
      let next = try await test.queue.enqueue(Next())
      try await test.withWorker(registry, settings: Self.settings) { worker in
        try await test.wait(for: hanging.id, toBe: .dead)
        try await test.wait(for: next.id, toBe: .succeeded)
        #expect(worker.leaked == 1)
        #expect(worker.totals.leaked == 1)
        let error = try #require(try await test.queue.deadJobs().first?.error)
        #expect(error == "timed out after 0.05 seconds, and its handler did not end")
        gate.open()
        await ended.pass()
        try await eventually("the handler has ended") { worker.leaked == 0 }
        #expect(worker.totals.succeeded == 1)
      }
      #expect(try await test.state(hanging.id) == .dead)
    }
  }

  @Test("a blocked thread is replaced, and the server is told of the leak")
  func blockedThread() async throws {
    try await TestQueue.with { test in
      let door = DispatchSemaphore(value: 0)
      var registry = JobRegistry()
      registry.register(Block.self) { _, _ in door.wait() }
      registry.register(Next.self) { _, _ in }
      var settings = Self.settings
      settings.heartbeat = .milliseconds(100)
      let blocked = try await test.queue.enqueueMany([Block(), Block(), Block()])
      let next = try await test.queue.enqueue(Next())
      try await test.withWorker(registry, settings: settings) { worker in
        try await test.wait(for: next.id, toBe: .succeeded)
        for job in blocked { try await test.wait(for: job.id, toBe: .dead) }
        #expect(worker.leaked == 3)
        try await eventually("worker_status tells") {
          try await test.queue.workers().first?.leaked == 3
        }
        for _ in blocked { door.signal() }
        try await eventually("all have ended") { worker.leaked == 0 }
      }
    }
  }

  @Test("a cancelled job whose handler does not heed it gives its slot free")
  func cancelled() async throws {
    try await TestQueue.with { test in
      let (started, gate) = (Gate(), Gate())
      var registry = JobRegistry()
      registry.register(Hang.self) { _, _ in }
      registry.register(Next.self) { _, _ in
        started.open()
        await gate.pass()
      }
      let hanging = try await test.queue.enqueue(Next())
      try await test.withWorker(registry, settings: Self.settings) { worker in
        await started.pass()
        #expect(try await test.queue.cancelJob(hanging.id) == "requested")
        try await test.wait(for: hanging.id, toBe: .cancelled)
        let after = try await test.queue.enqueue(Hang())
        try await test.wait(for: after.id, toBe: .succeeded)
        #expect(worker.leaked == 1)
        #expect(worker.totals.cancelled == 1)
        gate.open()
      }
    }
  }

  @Test("with too many hanging handlers the worker drains and ends with an error that says so")
  func tooMany() async throws {
    try await TestQueue.with { test in
      let gate = Gate()
      var registry = JobRegistry()
      registry.register(Hang.self) { _, _ in await gate.pass() }
      var settings = Self.settings
      settings.leakLimit = 2
      try await test.queue.enqueueMany([Hang(), Hang(), Hang()])
      let worker = test.worker(registry, settings: settings)
      let error = await #expect(throws: WorkerLeaked.self) { try await worker.run() }
      #expect(error?.handlers == 2)
      #expect(error?.kind == "test.hang")
      #expect(try await test.queue.workers().isEmpty)
      gate.open()
    }
  }
}
