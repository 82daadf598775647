import Foundation
import LibpqClient

/// Which database a command is for.
enum DatabaseChoice {
  /// A server that somebody else runs.
  case named(ConnectionConfiguration, source: String)
  /// The server that `ong up` keeps in this folder.
  case kept(in: URL)

  /// The option wins over `ONG_DATABASE_URL`, that over libpq's own variables and service files, and
  /// those over the private server.
  ///
  /// - Parameter pooling: what a named database is reached by.
  init(
    option: String?, environment: [String: String], directory: URL,
    pooling: ConnectionConfiguration.Pooling = .session
  ) {
    if let option {
      var configuration = ConnectionConfiguration(option)
      configuration.pooling = pooling
      self = .named(configuration, source: "--database")
    } else if var configuration = ConnectionConfiguration.fromEnvironment(environment) {
      configuration.pooling = pooling
      let source = environment["ONG_DATABASE_URL"]?.isEmpty == false ? "ONG_DATABASE_URL" : "PG…"
      self = .named(configuration, source: source)
    } else {
      self = .kept(in: directory)
    }
  }

  /// Where the private server lives in the folder that `--directory` names.
  static func serverFolder(in folder: URL) -> String {
    folder.appending(path: "server").path(percentEncoded: false)
  }
}
