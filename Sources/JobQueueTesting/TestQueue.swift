public import JobQueue
public import JobWorker
public import LibpqClient
public import Logging

/// A queue in a database of one test's own.
public struct TestQueue: Sendable {
  public let database: TestDatabase
  public let pool: ConnectionPool
  public let queue: JobQueue
  /// What the queue's SQL goes by.
  public let clock: TestClock

  /// Runs `body` with a new, empty queue system, in which the named queues exist.
  ///
  /// - Parameters:
  ///   - clock: what the queue's SQL goes by. Default: the server's clock.
  ///   - template: what the database holds, with the queue's schema as `ong`. Default: only that.
  ///   - cipher: encrypts the payloads of kinds that ask for it. Default: none.
  ///   - cluster: nil is the shared one.
  public static func with<T>(
    queues: [String] = ["default"], clock: TestClock = .server, template: TestTemplate? = nil,
    cipher: (any PayloadCipher)? = nil, on cluster: TestCluster? = nil,
    _ body: (TestQueue) async throws -> T
  ) async throws -> T {
    let template = template ?? (clock == .manual ? .queueWithManualClock : .queue)
    return try await TestDatabase.withDatabase(template: template, on: cluster) { database in
      var configuration = database.configuration
      if clock == .manual {
        try await ManualClock.install(in: database)
        configuration.searchPath = ManualClock.searchPath
      }
      let pool = ConnectionPool(configuration, size: 4)
      let queue = JobQueue(pool: pool, cipher: cipher)
      do {
        for name in queues { try await queue.createQueue(name) }
        let value = try await body(
          TestQueue(database: database, pool: pool, queue: queue, clock: clock))
        await pool.close()
        return value
      } catch {
        await pool.close()
        throw error
      }
    }
  }

  /// A worker on this database; it logs nothing unless it is given a logger.
  public func worker(
    _ registry: JobRegistry, settings: WorkerConfiguration = WorkerConfiguration(),
    logger: Logger? = nil
  ) -> Worker {
    Worker(
      configuration: pool.configuration, registry: registry, settings: settings,
      logger: logger ?? Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
  }

  /// Runs a worker until its queues hold nothing more to do.
  @discardableResult
  public func drain(
    _ registry: JobRegistry, settings: WorkerConfiguration = WorkerConfiguration(),
    includingDueWithin horizon: Duration = .zero
  ) async throws -> WorkerTotals {
    try await worker(registry, settings: settings).drained(includingDueWithin: horizon)
  }

  /// Runs a worker while `body` runs, and shuts it down afterwards. Errors of either come out.
  public func withWorker<T: Sendable>(
    _ registry: JobRegistry, settings: WorkerConfiguration = WorkerConfiguration(),
    logger: Logger? = nil, _ body: (Worker) async throws -> T
  ) async throws -> T {
    let worker = worker(registry, settings: settings, logger: logger)
    async let running: Void = worker.run()
    do {
      let value = try await body(worker)
      worker.shutDown()
      try await running
      return value
    } catch {
      worker.abort()
      try? await running
      throw error
    }
  }

  /// The state of a job; nil when nothing is known of it.
  public func state(_ id: Int64) async throws -> JobState? { try await queue.story(id)?.state }

  /// Suspends until the job is in a state; throws `ConditionNotMet` after the limit.
  public func wait(
    for id: Int64, toBe state: JobState, within limit: Duration = .seconds(20)
  ) async throws {
    try await eventually("job \(id) \(state)", within: limit) {
      try await self.state(id) == state
    }
  }
}

/// A condition that did not come true in time.
public struct ConditionNotMet: Error, CustomStringConvertible {
  public let condition: String
  public let limit: Duration

  public var description: String { "expected within \(limit): \(condition)" }
}

/// Polls until `condition` holds; throws `ConditionNotMet` after the limit.
public func eventually(
  _ description: String, within limit: Duration = .seconds(20),
  _ condition: () async throws -> Bool
) async throws {
  let end = ContinuousClock.now + limit
  while try await !condition() {
    guard ContinuousClock.now < end else {
      throw ConditionNotMet(condition: description, limit: limit)
    }
    try await Task.sleep(for: .milliseconds(5))
  }
}
