import Dispatch
import Foundation
import JobQueue
import JobQueueTesting
import JobWorker
import LibpqClient
import Logging
import Testing

private struct Nap: JobPayload {
  static let kind = "test.nap"
  static let options = JobOptions(maxAttempts: 2, timeout: .milliseconds(200))
  var number = 0
}

private struct Long: JobPayload {
  static let kind = "test.long"
  var number = 0
}

private struct Grind: JobPayload {
  static let kind = "test.grind"
  static let execution = JobExecution.blocking
  var number = 0
}

private func forEver() async throws {
  while true { try await Task.sleep(for: .seconds(3600)) }
}

@Suite("Worker against a real server")
struct WorkerTests {
  @Test("jobs that jobs enqueue are done too before a drain ends")
  func chain() async throws {
    try await TestQueue.with { test in
      var registry = JobRegistry()
      registry.register(Long.self) { [queue = test.queue] job, _ in
        if job.number > 0 { try await queue.enqueue(Long(number: job.number - 1)) }
      }
      try await test.queue.enqueue(Long(number: 9))
      #expect(try await test.drain(registry).succeeded == 10)
    }
  }

  @Test("a sleeping worker starts a new job without being asked to look")
  func wakeUp() async throws {
    try await TestQueue.with { test in
      var registry = JobRegistry()
      registry.register(Long.self) { _, _ in }
      try await test.withWorker(registry) { worker in
        for round in 1...3 {
          let handle = try await test.queue.enqueue(Long())
          try await test.wait(for: handle.id, toBe: .succeeded)
          #expect(worker.totals.succeeded == round)
        }
      }
    }
  }

  @Test("a job that takes too long is cancelled and counts as failed")
  func timeout() async throws {
    try await TestQueue.with { test in
      var registry = JobRegistry()
      registry.register(Nap.self) { _, context in
        if context.attempt == 1 { try await forEver() }
      }
      let handle = try await test.queue.enqueue(Nap())
      let totals = try await test.drain(registry, includingDueWithin: .seconds(5))
      #expect(totals.retried == 1)
      #expect(totals.succeeded == 1)
      let story = try #require(try await test.queue.story(handle.id))
      #expect(story.events.first?.detail?.hasPrefix("timed out") == true)
    }
  }

  @Test("a slot whose job was cancelled goes on with the next")
  func slotSurvives() async throws {
    try await TestQueue.with { test in
      var registry = JobRegistry()
      registry.register(Nap.self) { job, context in
        if job.number < 3 && context.attempt == 1 { try await forEver() }
        #expect(!Task.isCancelled)
      }
      for number in 0..<6 { try await test.queue.enqueue(Nap(number: number)) }
      let totals = try await test.drain(
        registry, settings: WorkerConfiguration(queues: ["default": 1]),
        includingDueWithin: .seconds(5))
      #expect(totals.succeeded == 6)
    }
  }

  @Test("blocking handlers get a thread each and do not starve async ones")
  func blocking() async throws {
    try await TestQueue.with(queues: ["grind", "default"]) { test in
      let release = DispatchSemaphore(value: 0)
      let grinding = Journal<Int>()
      var registry = JobRegistry()
      registry.register(Grind.self) { job, _ in
        grinding.add(job.number)
        release.wait()
      }
      registry.register(Long.self) { _, _ in }
      // Dispatch adds about a thread a second to a shared queue: 64 would take a minute there.
      let settings = WorkerConfiguration(queues: ["grind": 64, "default": 2])
      try await test.withWorker(registry, settings: settings) { worker in
        try await test.queue.enqueueMany((0..<64).map { Grind(number: $0) }, queue: "grind")
        try await eventually("64 blocked at a time") { grinding.entries.count == 64 }
        try await test.queue.enqueueMany((0..<50).map { Long(number: $0) })
        try await eventually("async jobs done meanwhile") { worker.totals.succeeded == 50 }
        for _ in 0..<64 { release.signal() }
        try await eventually("all done") { worker.totals.succeeded == 114 }
      }
    }
  }

  @Test("a queue runs no more jobs at a time than it has slots")
  func slots() async throws {
    try await TestQueue.with { test in
      let running = Journal<Int>()
      let gate = Gate()
      var registry = JobRegistry()
      registry.register(Long.self) { job, _ in
        running.add(job.number)
        await gate.pass()
      }
      try await test.queue.enqueueMany((0..<20).map { Long(number: $0) })
      let settings = WorkerConfiguration(queues: ["default": 4])
      try await test.withWorker(registry, settings: settings) { worker in
        try await eventually("4 running") { running.entries.count == 4 }
        #expect(worker.busy == 4)
        let status = try #require(try await test.queue.queues().first)
        #expect(status.running == 4)
        #expect(status.waiting == 16)
        gate.open()
        try await eventually("all done") { worker.totals.succeeded == 20 }
      }
    }
  }

  @Test("results of quick jobs are reported while a long one of the same claim runs on")
  func partialSettle() async throws {
    try await TestQueue.with { test in
      let gate = Gate()
      var registry = JobRegistry()
      registry.register(Long.self) { job, _ in if job.number == 0 { await gate.pass() } }
      let handles = try await test.queue.enqueueMany((0..<8).map { Long(number: $0) })
      let settings = WorkerConfiguration(queues: ["default": 8])
      try await test.withWorker(registry, settings: settings) { _ in
        for handle in handles.dropFirst() { try await test.wait(for: handle.id, toBe: .succeeded) }
        #expect(try await test.state(handles[0].id) == .running)
        gate.open()
        try await test.wait(for: handles[0].id, toBe: .succeeded)
      }
    }
  }

  @Test("a unique job that a producer holds right now is left out of its claim, and runs after it")
  func withheld() async throws {
    try await TestQueue.with { test in
      var registry = JobRegistry()
      registry.register(Long.self) { _, _ in }
      let unique = try await test.queue.enqueue(Long(), unique: .key("k"))
      let others = try await test.queue.enqueueMany((1..<5).map { Long(number: $0) })
      try await test.pool.withTransaction { producer in
        let kept = try await test.queue.enqueue(Long(number: 9), unique: .key("k"), in: producer)
        #expect(kept == unique)
        let worker = test.worker(registry)
        async let running: Void = worker.run()
        for other in others { try await test.wait(for: other.id, toBe: .succeeded) }
        #expect(try await test.state(unique.id) != .succeeded)
        worker.shutDown()
        try await running
      }
      _ = try await test.drain(registry, includingDueWithin: .seconds(5))
      #expect(try await test.state(unique.id) == .succeeded)
    }
  }

  @Test("an operator cancels a running job")
  func cancel() async throws {
    try await TestQueue.with { test in
      let started = Gate()
      var registry = JobRegistry()
      registry.register(Long.self) { _, _ in
        started.open()
        try await forEver()
      }
      let handle = try await test.queue.enqueue(Long())
      try await test.withWorker(registry) { _ in
        await started.pass()
        #expect(try await test.queue.cancelJob(handle.id) == "requested")
        try await test.wait(for: handle.id, toBe: .cancelled)
      }
    }
  }

  @Test("a blocking handler sees in its context that its job was cancelled")
  func cancelBlocking() async throws {
    try await TestQueue.with { test in
      let started = Gate()
      var registry = JobRegistry()
      registry.register(Grind.self) { _, context in
        started.open()
        while !context.isCancelled { usleep(1000) }
        try context.checkCancellation()
      }
      let handle = try await test.queue.enqueue(Grind())
      try await test.withWorker(registry) { _ in
        await started.pass()
        try await test.queue.cancelJob(handle.id)
        try await test.wait(for: handle.id, toBe: .cancelled)
      }
    }
  }

  @Test("a drained worker finishes what runs, claims nothing more and ends")
  func drain() async throws {
    try await TestQueue.with { test in
      let handler = HeldHandler()
      let first = try await test.queue.enqueue(Long())
      let log = Journal<String>()
      let worker = test.worker(
        handler.registry(Long.self), settings: WorkerConfiguration(queues: ["default": 1]),
        logger: LogJournal.logger(log))
      async let running: Void = worker.run()
      await handler.started.pass()
      let epoch = try #require(try await test.queue.workers().first?.epoch)
      try await test.queue.drainWorker(epoch)
      try await eventually("the worker knows") {
        log.entries.contains("drained by an operator epoch=\(epoch)")
      }
      let second = try await test.queue.enqueue(Long())
      handler.end.open()
      try await running
      #expect(try await test.state(first.id) == .succeeded)
      #expect(try await test.state(second.id) == .waiting)
      #expect(try await test.queue.workers().isEmpty)
    }
  }

  @Test("a paused queue rests until it is resumed")
  func pause() async throws {
    try await TestQueue.with { test in
      var registry = JobRegistry()
      registry.register(Long.self) { _, _ in }
      try await test.queue.pauseQueue("default")
      let handle = try await test.queue.enqueue(Long())
      #expect(try await test.drain(registry).succeeded == 0)
      #expect(try await test.state(handle.id) == .waiting)
      try await test.queue.resumeQueue("default")
      #expect(try await test.drain(registry).succeeded == 1)
    }
  }

  @Test("settings that can't be are refused with their name")
  func settings() async throws {
    try await TestQueue.with { test in
      let worker = test.worker(
        JobRegistry(), settings: WorkerConfiguration(queues: ["default": 0]))
      await #expect(throws: WorkerConfigurationError.self) { try await worker.run() }
    }
  }

  @Test("a database without the queue's schema is refused at the start")
  func noSchema() async throws {
    try await TestDatabase.withDatabase { database in
      let worker = Worker(
        configuration: database.configuration, registry: JobRegistry(), logger: .init(label: "t"))
      await #expect(throws: (any Error).self) { try await worker.run() }
    }
  }
}
