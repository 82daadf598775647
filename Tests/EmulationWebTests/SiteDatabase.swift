import EmulationAwards
import Foundation
import JobQueue
import JobQueueTesting
import JobWorker
import LibpqClient
import Logging
import PasswordHashing
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
  /// Cheap: what is tested is not what a hash costs.
  static let hasher = PasswordHasher(cost: PasswordCost(passes: 1, memory: 8 * 1024))

  let configuration: ConnectionConfiguration
  let pool: ConnectionPool
  let store: EmulationStore
  let accounts: AccountStore
  let server: WebServer
  let folder: URL

  /// - Parameters:
  ///   - debounce: least time between two recalculations.
  ///   - secureCookies: whether browsers are to come by HTTPS only.
  ///   - logger: what the site says.
  static func with(
    debounce: Duration = .zero, secureCookies: Bool = false,
    logger: Logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
    _ body: (SiteDatabase) async throws -> Void
  ) async throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "web-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: folder) }
    try await TestDatabase.withDatabase(template: .sampleBloc) { database in
      let pool = ConnectionPool(database.configuration, size: 8)
      do {
        try await body(
          SiteDatabase(
            database.configuration, pool, folder, .waiting(debounce), secureCookies, logger))
      } catch {
        await pool.close()
        throw error
      }
      await pool.close()
    }
  }

  private init(
    _ configuration: ConnectionConfiguration, _ pool: ConnectionPool, _ folder: URL,
    _ settings: EmulationSettings, _ secureCookies: Bool, _ logger: Logger
  ) throws {
    self.configuration = configuration
    self.pool = pool
    self.folder = folder
    store = EmulationStore(pool: pool, queue: JobQueue(pool: pool), settings: settings)
    accounts = AccountStore(pool: pool)
    var web = WebConfiguration()
    web.address.port = 0
    web.formRate = RateLimit(burst: 1000, perSecond: 1000)
    server = try WebServer(
      configuration: web,
      sites: [
        try EmulationSite(
          store: store,
          signals: DatabaseRankingSignals(configuration: configuration, logger: logger),
          signIn: SignIn(store: accounts, hasher: Self.hasher), reportsFolder: folder,
          secureCookies: secureCookies, logger: logger)
      ], errorPages: try SiteErrorPages(), logger: logger)
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
