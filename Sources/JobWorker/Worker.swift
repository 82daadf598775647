public import LibpqClient
public import Logging
import Synchronization

/// Runs jobs of some queues until it is told to stop.
///
///     var registry = JobRegistry()
///     registry.register(RenderReport.self)
///     let worker = Worker(
///       configuration: ConnectionConfiguration("postgresql:///app"), registry: registry,
///       settings: WorkerConfiguration(queues: ["reports": 4]), logger: logger)
///     try await worker.run()
///
/// It holds three connections: one claims and reports, one listens, one does maintenance when this
/// worker leads. The first may lead through a pooler in transaction mode, such as PgBouncer
/// (`ConnectionConfiguration.pooling`, `WorkerConfiguration.sessions`). It survives an outage of the database: what runs goes on, and results are
/// reported when the server is back, unless it has given the jobs to others meanwhile.
public final class Worker: Sendable {
  let engine: WorkerEngine
  private let maintainer: Maintainer?
  private let settings: WorkerConfiguration
  private let hasRun = Atomic(false)

  /// - Parameters:
  ///   - configuration: where the database is.
  ///   - registry: the kinds of job that this worker can run; others are parked until some worker
  ///     knows them.
  public init(
    configuration: ConnectionConfiguration, registry: JobRegistry,
    settings: WorkerConfiguration = WorkerConfiguration(), logger: Logger
  ) {
    self.settings = settings
    let sessions = settings.maintains ? settings.sessions(beside: configuration) : nil
    let maintainer = sessions.map {
      Maintainer(database: $0, schema: settings.schema, logger: logger)
    }
    self.maintainer = maintainer
    engine = WorkerEngine(
      database: configuration, registry: registry, settings: settings, logger: logger
    ) { news in
      Task { await maintainer?.hear(news) }
    }
  }

  /// Works until `shutDown()` or `abort()` has ended it; cancelling its task is `shutDown()`. Call it
  /// once. A handler that heeds no cancellation may go on after this has returned; its result counts for
  /// nothing.
  ///
  /// - Throws: only for what time does not mend, found at the start: `WorkerConfigurationError`, a
  ///   schema that is missing, too old or too new for this program, a log-in that is refused, a
  ///   declared schedule that is refused (`JobQueueError`). A server that can't be reached, has
  ///   no room on its disk or takes no writes just now is waited for. And `WorkerLeaked`, when too many handlers hang.
  public func run() async throws {
    try settings.validate()
    let isFirst = !hasRun.exchange(true, ordering: .relaxed)
    precondition(isFirst, "expected a worker to run once, got: a second run; make another Worker")
    await engine.start()
    // A task of its own: the end comes from the engine, whatever becomes of the caller's task.
    let upkeep = Task { try await self.keepConnected() }
    await withTaskCancellationHandler {
      await engine.untilStopped()
    } onCancel: {
      shutDown()
    }
    await maintainer?.stop()
    // What is still being connected would wait for a server that does not answer.
    upkeep.cancel()
    try await upkeep.value
    if let failure = await engine.failure { throw failure }
  }

  /// Claims nothing more, lets running jobs go on for the grace, then cancels them and hands them
  /// back with their attempt refunded; `run()` returns then. Calling it again changes nothing.
  public func shutDown() {
    Task { await engine.shutDown(grace: settings.grace) }
  }

  /// Ends at once without telling the server, which gives the jobs to others after 5 s.
  public func abort() {
    Task { await engine.abort() }
  }

  /// How attempts have ended so far.
  public var totals: WorkerTotals { engine.shared.counters.totals }

  /// Handlers left behind by their slots that still run.
  public var leaked: Int { engine.shared.leaks.now }

  /// Suspends until nothing is claimed here and the server has taken every result, or the worker has
  /// stopped.
  package func untilIdle() async { await engine.untilIdle() }

  /// Jobs that run now.
  public var busy: Int { engine.busy }

  private func keepConnected() async throws {
    do {
      try await engine.openFirst()
    } catch {
      if await engine.shutdown.isOver { return }
      await engine.abort()
      throw error
    }
    async let link: Void = engine.keepLink()
    async let listening: Void = engine.keepListening()
    async let maintenance: Void = maintain()
    _ = await (link, listening, maintenance)
  }

  private func maintain() async { await maintainer?.run() }
}
