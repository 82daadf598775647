import ArgumentParser
import EmulationAwards
import Foundation
import JobWorker
import LibpqClient
import Logging
import QueueSchema
import WebServing

/// `ong up`: a whole installation in one process.
struct UpCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "up",
    abstract: "Start a whole installation: database, migrations, sample, workers and pages.",
    discussion: """
      With no database named, a private PostgreSQL is kept in .ong/ and stopped with the command. \
      Ctrl-C or SIGTERM drains and stops; a second Ctrl-C ends at once and loses nothing.
      """)

  @Flag(
    help: """
      Do the main job without a browser: take the sample's forms, work until nothing is left, print \
      ranking, report and notices, and exit.
      """)
  var once = false

  @Option(
    help: ArgumentHelp(
      "Import the sample in this folder, also into a database that is not empty.",
      valueName: "folder"))
  var sample: String?

  @OptionGroup(title: "Pages") var pages: PagesOptions
  @OptionGroup(title: "Workers") var work: WorkOptions
  @OptionGroup var service: ServiceOptions

  func run() async throws {
    try service.requireSessions(for: "live rankings and the maintenance")
    let signals = ShutdownSignals()
    // In a process that a worker has started to run a suspect, the database runs already, and this
    // is where it stays: it must not start another.
    if let existing = try? await Application(service) {
      await Worker.runChildIfAsked(try existing.registry(), logger: existing.logger)
    }
    // What can be wrong with the caller's input is found before anything is started.
    let mail = try MailSettings(environment: ProcessInfo.processInfo.environment)
    let keys = try PayloadKeys.fromEnvironment()
    let sample = try readSample()
    let database = service.database
    let logger = service.log.logger()
    let running = try await signals.cancelling {
      try await RunningDatabase.prepare(database.choice, logger: logger)
    }
    let application = Application(
      database: running.configuration, sessions: service.sessionsDatabase, schema: database.schema,
      folders: service.output.folders(database), mail: mail, keys: keys,
      debounce: once ? .zero : nil, logger: logger)
    do {
      try await signals.cancelling { try await application.migrate(database) }
      await Worker.runChildIfAsked(try application.registry(), logger: logger)
      if once {
        try await MainJob(application: application, sample: sample, work: work).run(signals)
      } else {
        try await serve(application, sample: sample, on: running, until: signals)
      }
    } catch {
      try? await running.stop()
      throw error
    }
    try await running.stop()
  }

  private func readSample() throws -> SampleData {
    guard let sample else { return try SampleData.builtIn() }
    return try SampleData(folder: URL(filePath: sample, directoryHint: .isDirectory))
  }

  private func serve(
    _ application: Application, sample: SampleData, on running: RunningDatabase,
    until signals: ShutdownSignals
  ) async throws {
    let isEmpty = try await application.store.blocPeriods().isEmpty
    if isEmpty || self.sample != nil { _ = try await application.store.importSample(sample) }
    let worker = try application.worker(work)
    let server = try application.webServer(pages)
    let access = try await application.pagesAccess()
    var facts = UpText(work: work, running: running, application: application, access: access)
    facts.sample = isEmpty || self.sample != nil ? sample : nil
    let announcement = facts
    let household = Household(parts: [
      .init(run: { try await worker.run() }, shutDown: { worker.shutDown() }),
      .init(
        run: {
          try await server.run { address in
            access.warn(at: address)
            Terminal.printLines(announcement.lines(address: address))
          }
        },
        shutDown: { server.shutDown() }),
    ])
    try await household.run(until: signals, onRequest: work.announceDrain)
    Terminal.say("Stopped.")
  }
}

extension WorkOptions {
  func announceDrain(_ signal: String) {
    Terminal.say(
      "\(signal): draining for at most \(DurationText.short(grace)); Ctrl-C again ends at once.")
  }
}

extension Application {
  /// Brings both schemas up to date and makes the domain's queues.
  func migrate(_ options: DatabaseOptions) async throws {
    try await pool.withConnection { connection in
      for set in SchemaSet.allCases { try await set.migrator(on: connection, options).up() }
    }
    try await store.createQueues()
  }
}
