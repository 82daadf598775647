public import ArgumentParser

/// The command `ong`: composition root of the house and the operator's tool.
public struct Ong: AsyncParsableCommand {
  public static let configuration = CommandConfiguration(
    commandName: "ong",
    abstract: "A job queue inside PostgreSQL.",
    discussion: """
      The database is --database URL, else ONG_DATABASE_URL, else libpq's own variables and service \
      files (PGHOST, PGSERVICE, …), else the private server that 'ong up' keeps in .ong/.

      Exit codes: 0 success, 1 failed, 2 wrong usage, 3 not found, 4 database unreachable, \
      5 schema missing, too old or too new, 6 refused in this state.
      """,
    version: OngVersion.current,
    subcommands: [
      UpCommand.self, WorkCommand.self, WebCommand.self, AccountsCommand.self, MigrateCommand.self,
      QueuesCommand.self, JobsCommand.self, DeadCommand.self, WorkersCommand.self,
      EnqueueCommand.self,
      SchedulesCommand.self, WorkflowsCommand.self, KindsCommand.self, KeysCommand.self,
      CheckPayloadsCommand.self, NoticesCommand.self, BenchCommand.self,
      BenchWorkerCommand.self,
    ])

  public init() {}
}

/// The version of this program, as `ong --version` and a worker's registration say it.
enum OngVersion {
  static let current = "0.1.0"
}

extension Ong {
  /// Parses and runs a command line, prints what it says, and returns how it ended.
  public static func run(arguments: [String]) async -> ExitStatus {
    do {
      var command = try parseAsRoot(arguments)
      if var asynchronous = command as? any AsyncParsableCommand {
        try await asynchronous.run()
      } else {
        try command.run()
      }
      return .success
    } catch {
      return report(error)
    }
  }

  private static func report(_ error: any Error) -> ExitStatus {
    let parserCode = exitCode(for: error)
    if parserCode == .success {  // --help, --version, a completion script
      Terminal.printLines([fullMessage(for: error)])
      return .success
    }
    if parserCode == .validationFailure {
      Terminal.say(fullMessage(for: error))
      return .usage
    }
    let failure = CommandFailure(explaining: error)
    Terminal.say("error: \(failure.message)")
    if let advice = failure.advice { Terminal.say("  fix: \(advice)") }
    return failure.status
  }
}
