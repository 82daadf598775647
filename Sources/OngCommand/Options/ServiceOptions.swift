import ArgumentParser
import Foundation
import LibpqClient

/// What every command that keeps running takes: where output goes, the database, the log.
struct ServiceOptions: ParsableArguments {
  @OptionGroup(title: "Output") var output: OutputOptions
  @OptionGroup(title: "Database") var database: DatabaseOptions

  @Option(
    help: ArgumentHelp(
      "With --pooled: the server itself, for the connections that listen and maintain.",
      discussion: """
        Without a password. Default: ONG_SESSIONS_URL; else workers ask once a second and leave the \
        maintenance to others.
        """,
      valueName: "url"))
  var sessions: String?

  @OptionGroup var log: LogOptions

  func validate() throws {
    guard let sessions else { return }
    if PasswordInArguments.stands(in: sessions) {
      throw ValidationError("--sessions holds a password: \(PasswordInArguments.advice)")
    }
    if !database.pooled {
      throw ValidationError(
        "--sessions goes with --pooled: without it --database is the server itself")
    }
  }

  /// For commands that do not go without.
  func requireSessions(for what: String) throws {
    guard database.pooled, sessionsDatabase == nil else { return }
    throw CommandFailure(
      .usage, "\(what) need the server itself beside the pooler",
      advice: "name it with --sessions or ONG_SESSIONS_URL")
  }

  /// Where what needs a session connects; nil: where everything does, or nowhere behind a pooler.
  var sessionsDatabase: ConnectionConfiguration? {
    guard database.pooled else { return nil }
    let url = sessions ?? ProcessInfo.processInfo.environment["ONG_SESSIONS_URL"]
    return url.map { ConnectionConfiguration($0) }
  }
}
