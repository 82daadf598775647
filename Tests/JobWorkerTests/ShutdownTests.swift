import JobQueue
import JobQueueTesting
import JobWorker
import LibpqClient
import Logging
import Testing

private struct Long: JobPayload {
  static let kind = "test.long"
  static let options = JobOptions(maxAttempts: 1)
  var number = 0
}

@Suite("Shutdown against a real server")
struct WorkerShutdownTests {
  @Test("running jobs finish within the grace, waiting ones go back")
  func grace() async throws {
    try await TestQueue.with { test in
      let handler = HeldHandler()
      let handles = try await test.queue.enqueueMany([Long(number: 0), Long(number: 1)])
      let worker = test.worker(
        handler.registry(Long.self), settings: WorkerConfiguration(queues: ["default": 1]))
      async let running: Void = worker.run()
      await handler.started.pass()
      worker.shutDown()
      handler.end.open()
      try await running
      #expect(try await test.state(handles[0].id) == .succeeded)
      #expect(try await test.state(handles[1].id) == .waiting)
    }
  }

  @Test(
    "after the grace a job is cancelled and handed back with its attempt, whether it heeds that or not",
    arguments: [true, false])
  func handBack(heeds: Bool) async throws {
    try await TestQueue.with { test in
      let started = Gate()
      let end = Gate()
      var registry = JobRegistry()
      registry.register(Long.self) { _, _ in
        started.open()
        if heeds { try await Task.sleep(for: .seconds(3600)) } else { await end.pass() }
      }
      let handle = try await test.queue.enqueue(Long())
      let worker = test.worker(
        registry, settings: WorkerConfiguration(queues: ["default": 1], grace: .milliseconds(50)))
      async let running: Void = worker.run()
      await started.pass()
      worker.shutDown()
      try await running
      end.open()
      let story = try #require(try await test.queue.story(handle.id))
      #expect(story.state == .waiting)
      #expect(story.attempt == 1)
      #expect(story.crashes == 0)
      #expect(story.events.map(\.event) == ["handed_back"])
      // The reason is kept, with who gave it back; the attempt is not used up.
      let event = try #require(story.events.first)
      #expect(event.detail == (heeds ? "the worker shuts down" : "worker retired"))
      #expect(event.attempt == 1)
      #expect(event.worker != nil && event.actor == nil)

      var quick = JobRegistry()
      quick.register(Long.self) { _, context in #expect(context.attempt == 1) }
      #expect(try await test.drain(quick).succeeded == 1)
    }
  }

  @Test("an aborted worker's jobs are rescued and run elsewhere")
  func abort() async throws {
    try await TestQueue.with { test in
      let handler = HeldHandler()
      let handle = try await test.queue.enqueue(Long())
      let worker = test.worker(handler.registry(Long.self))
      async let running: Void = worker.run()
      await handler.started.pass()
      worker.abort()
      try await running
      handler.end.open()

      var quick = JobRegistry()
      quick.register(Long.self) { _, context in #expect(context.crashes == 1) }
      try await test.withWorker(quick) { _ in
        try await test.wait(for: handle.id, toBe: .succeeded)
      }
    }
  }

  @Test("a worker that is told to end before it began ends")
  func early() async throws {
    try await TestQueue.with { test in
      let worker = test.worker(JobRegistry())
      worker.shutDown()
      try await worker.run()
    }
  }

  @Test("a worker that waits for a server which does not answer ends when it is told to")
  func unansweredFromTheStart() async throws {
    try await TestQueue.with { test in
      let silent = try SilentServer(expecting: 1)
      try silent.lead(to: nil)
      let worker = Worker(
        configuration: test.configuration(through: silent), registry: JobRegistry(),
        logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
      async let running: Void = worker.run()
      await silent.met.pass()
      let told = ContinuousClock.now
      worker.shutDown()
      try await running
      #expect(ContinuousClock.now - told < silentTimeout / 2)
    }
  }

  @Test("a worker whose server has fallen silent ends when it is told to")
  func unansweredLater() async throws {
    try await TestQueue.with { test in
      // The claiming, the listening and the maintaining connection.
      let silent = try SilentServer(expecting: 3)
      let real = try await test.pool.query(
        "select current_setting('unix_socket_directories'), current_setting('port')")[0]
      let (folder, port) = try (real[0].decode(String.self), real[1].decode(String.self))
      try silent.lead(to: "\(folder)/.s.PGSQL.\(port)")
      let worker = Worker(
        configuration: test.configuration(through: silent), registry: JobRegistry(),
        logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
      async let running: Void = worker.run()
      let ours = "application_name like 'ong worker %' and datname = current_database()"
      try await eventually("all connections") {
        try await test.pool.query("select from pg_stat_activity where \(ours)").count == 3
      }
      try silent.lead(to: nil)
      try await test.pool.query(
        "select pg_terminate_backend(pid) from pg_stat_activity where \(ours)")
      await silent.met.pass()
      let told = ContinuousClock.now
      worker.shutDown()
      try await running
      #expect(ContinuousClock.now - told < silentTimeout / 2)
    }
  }
}

/// How long a connection waits for a server that says nothing.
private let silentTimeout = Duration.seconds(30)

extension TestQueue {
  /// The same database, by way of a socket that may fall silent.
  fileprivate func configuration(through server: SilentServer) -> ConnectionConfiguration {
    var configuration = pool.configuration
    configuration.conninfo += " host='\(server.folder)' port=5432"
    configuration.connectTimeout = silentTimeout
    return configuration
  }
}
