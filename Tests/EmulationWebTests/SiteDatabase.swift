import EmulationAwards
import Foundation
import JobQueue
import JobQueueTesting
import JobWorker
import LibpqClient
import Logging
import PrivatePostgres
import QueueSchema
import WebServing

@testable import EmulationWeb

extension TestTemplate {
  /// The queue and the domain with the sample's sheets sent; nothing is computed yet.
  fileprivate static let sampleBloc = TestTemplate("emulation_web") { connection in
    try await Migrator(connection).up()
    try await Migrator(
      connection, set: .emulation, schema: MigrationSet.emulationSchema
    ).up()
    let name = try await connection.query("select current_database()")[0, 0].decode(String.self)
    let pool = ConnectionPool(
      try await TestCluster.shared.server.configuration(database: name), size: 1)
    let store = EmulationStore(pool: pool, queue: JobQueue(pool: pool), settings: .waiting(.zero))
    try await store.createQueues()
    _ = try await store.importSample(SampleData.builtIn())
    await pool.close()
  }
}

/// The site over the real store, in a database of one test's own.
struct SiteDatabase {
  static let key = BlocPeriodKey(bloc: "HDT", period: "2023")

  let configuration: ConnectionConfiguration
  let pool: ConnectionPool
  let store: EmulationStore
  let server: WebServer
  let folder: URL

  /// - Parameter debounce: least time between two recalculations.
  static func with(
    debounce: Duration = .zero, _ body: (SiteDatabase) async throws -> Void
  ) async throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "web-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: folder) }
    try await TestDatabase.withDatabase(template: .sampleBloc) { database in
      let pool = ConnectionPool(database.configuration, size: 8)
      do {
        try await body(SiteDatabase(database.configuration, pool, folder, .waiting(debounce)))
      } catch {
        await pool.close()
        throw error
      }
      await pool.close()
    }
  }

  private init(
    _ configuration: ConnectionConfiguration, _ pool: ConnectionPool, _ folder: URL,
    _ settings: EmulationSettings
  ) throws {
    let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    self.configuration = configuration
    self.pool = pool
    self.folder = folder
    store = EmulationStore(pool: pool, queue: JobQueue(pool: pool), settings: settings)
    var web = WebConfiguration()
    web.address.port = 0
    server = try WebServer(
      configuration: web,
      sites: [
        try EmulationSite(
          store: store,
          signals: DatabaseRankingSignals(configuration: configuration, logger: quiet),
          reportsFolder: folder, logger: quiet)
      ], errorPages: try SiteErrorPages(), logger: quiet)
  }

  /// Serves and works while `body` runs with the pages' address, and stops both afterwards.
  func serving(_ body: @Sendable (ListenAddress) async throws -> Void) async throws {
    let worker = worker()
    let ready = AsyncStream.makeStream(of: ListenAddress.self)
    try await withThrowingTaskGroup(of: Void.self) { tasks in
      tasks.addTask { [server] in try await server.run { ready.continuation.yield($0) } }
      tasks.addTask { try await worker.run() }
      defer {
        server.shutDown()
        worker.shutDown()
      }
      if let address = await ready.stream.first(where: { _ in true }) { try await body(address) }
    }
  }

  /// Works until nothing is left.
  func settle() async throws { try await worker().drained() }

  private func worker() -> Worker {
    var registry = JobRegistry()
    EmulationJobs(
      store: store, renderer: PDFReports(), transport: NoTransport(), reportsFolder: folder
    ).register(in: &registry)
    return Worker(
      configuration: configuration, registry: registry,
      settings: WorkerConfiguration(
        queues: Dictionary(uniqueKeysWithValues: EmulationJobs.queues.map { ($0, 2) })),
      logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
  }
}

extension EmulationSettings {
  fileprivate static func waiting(_ debounce: Duration) -> EmulationSettings {
    var settings = EmulationSettings()
    settings.recalculationDebounce = debounce
    return settings
  }
}

private struct NoTransport: NoticeTransport {
  let isIdempotent = true
  func deliver(_ message: NoticeMessage) async throws -> String { "kept" }
}
