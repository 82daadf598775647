import ArgumentParser
import Foundation
import JobWorker
import WebServing

/// `ong work`: workers only.
struct WorkCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "work", abstract: "Run workers for an installed database, until told to stop.",
    discussion: "SIGTERM or Ctrl-C drains; a second one ends at once and loses nothing.")

  @OptionGroup(title: "Workers") var work: WorkOptions
  @OptionGroup var service: ServiceOptions

  func run() async throws {
    let signals = ShutdownSignals()
    let application = try await Application(service)
    // In a process that a worker has started to run a suspect, this is where it stays.
    await Worker.runChildIfAsked(try application.registry(), logger: application.logger)
    let worker = try application.worker(work)
    Terminal.say("Working on " + work.description)
    try await Household(parts: [
      .init(run: { try await worker.run() }, shutDown: { worker.shutDown() })
    ]).run(until: signals, onRequest: work.announceDrain)
  }
}

/// `ong web`: the pages only.
struct WebCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "web", abstract: "Serve the pages of an installed database, until told to stop.")

  @OptionGroup(title: "Pages") var pages: PagesOptions
  @OptionGroup var service: ServiceOptions

  func run() async throws {
    try service.requireSessions(for: "live rankings")
    let signals = ShutdownSignals()
    let application = try await Application(service)
    let server = try application.webServer(pages)
    let access = try await application.pagesAccess()
    try await Household(parts: [
      .init(
        run: {
          try await server.run { address in
            access.warn(at: address)
            Terminal.say("accounts: \(access.description)")
            Terminal.printLines(["http://\(address)/"])
          }
        },
        shutDown: { server.shutDown() })
    ]).run(until: signals) { Terminal.say("\($0): finishing open requests.") }
  }
}

extension Application {
  /// Over a database that exists.
  init(_ service: ServiceOptions) async throws {
    let database = service.database
    self.init(
      database: try await database.existingDatabase(), sessions: service.sessionsDatabase,
      schema: database.schema,
      folders: service.output.folders(database),
      mail: try MailSettings(environment: ProcessInfo.processInfo.environment),
      keys: try PayloadKeys.fromEnvironment(), logger: service.log.logger())
  }
}
