import EmulationAwards
import EmulationWeb
import Foundation
import JobQueue
import JobWorker
import LibpqClient
import Logging
import PayloadEncryption
import QueueWeb
import WebServing

/// The domain and the queue over one database: what the long-running commands are put together
/// from.
struct Application {
  let database: ConnectionConfiguration
  /// The server itself where `database` leads through a pooler.
  let sessions: ConnectionConfiguration?
  let schema: String
  let folders: OutputFolders
  let mail: MailSettings
  /// Opens encrypted payloads; nil: no keys are configured.
  let keys: EncryptionKeys?
  let logger: Logger
  let pool: ConnectionPool
  let queue: JobQueue
  let store: EmulationStore
  let accounts: AccountStore

  /// - Parameters:
  ///   - sessions: the server itself where `database` leads through a pooler; nil: nothing listens.
  ///   - debounce: least time between two recalculations; nil: the domain's default.
  init(
    database: ConnectionConfiguration, sessions: ConnectionConfiguration? = nil, schema: String,
    folders: OutputFolders,
    mail: MailSettings, keys: EncryptionKeys?, debounce: Duration? = nil, logger: Logger
  ) {
    var settings = EmulationSettings()
    if let debounce { settings.recalculationDebounce = debounce }
    if let address = mail.senderAddress {
      settings.senderAddress = address
      settings.messageIDDomain = String(address.split(separator: "@").last ?? "ong.invalid")
    }
    if let name = mail.senderName { settings.senderName = name }
    self.database = database
    self.sessions = sessions
    self.schema = schema
    self.folders = folders
    self.mail = mail
    self.keys = keys
    self.logger = logger
    pool = ConnectionPool(database)
    queue = JobQueue(pool: pool, schema: schema, cipher: keys)
    store = EmulationStore(pool: pool, queue: queue, settings: settings)
    accounts = AccountStore(pool: pool)
  }

  /// Every kind of job that this program runs.
  func registry() throws -> JobRegistry {
    var registry = JobRegistry(cipher: keys)
    EmulationJobs(
      store: store, renderer: PDFReports(),
      transport: try mail.transport(maildir: folders.mail), reportsFolder: folders.reports
    ).register(in: &registry)
    return registry
  }

  func worker(_ options: WorkOptions) throws -> Worker {
    var settings = options.configuration(schema: schema)
    settings.sessions = sessions
    return Worker(
      configuration: database, registry: try registry(), settings: settings, logger: logger)
  }

  func pagesAccess() async throws -> PagesAccess {
    PagesAccess(signInRequired: try await accounts.signInRequired())
  }

  func webServer(_ options: PagesOptions) throws -> WebServer {
    let site = try EmulationSite(
      store: store,
      signals: DatabaseRankingSignals(configuration: sessions ?? database, logger: logger),
      signIn: SignIn(store: accounts), reportsFolder: folders.reports,
      secureCookies: options.secureCookies, logger: logger)
    let api = QueueSite(
      queue: queue,
      readiness: QueueSite.databaseCheck(
        pool, schemas: SchemaSet.allCases.map { ($0.migrations, $0.schema(queue: schema)) }),
      admit: { try await site.admitSecretary($0) })
    return try WebServer(
      configuration: options.configuration, sites: [site, api], errorPages: SiteErrorPages(),
      logger: logger)
  }
}
