import Foundation
import LibpqClient
import Logging
import PrivatePostgres

/// The database of a command that may have to start one.
struct RunningDatabase: Sendable {
  let configuration: ConnectionConfiguration
  /// For the person who starts the program; never with a password.
  let description: String
  private let server: PrivateServer?

  /// The name of the database in a private server.
  static let name = "ong"

  /// Takes the named server, or starts the private one.
  static func prepare(_ choice: DatabaseChoice, logger: Logger) async throws -> RunningDatabase {
    switch choice {
    case .named(let configuration, let source):
      return RunningDatabase(
        configuration: configuration, description: "the one that \(source) names", server: nil)
    case .kept(let folder):
      let server = try await PrivateServer.start(
        .init(folder: DatabaseChoice.serverFolder(in: folder)), logger: logger)
      do {
        try await makeDatabase(in: server)
      } catch {
        try? await server.stop()
        throw error
      }
      return RunningDatabase(
        configuration: server.configuration(database: name),
        description: "a private PostgreSQL in \(server.location)", server: server)
    }
  }

  func stop() async throws { try await server?.stop() }

  private static func makeDatabase(in server: PrivateServer) async throws {
    let connection = try await Connection.open(server.configuration())
    let found = try await connection.query(
      "select from pg_database where datname = $1", [name])
    if found.count == 0 { try await connection.execute(script: "create database \(name)") }
    await connection.close()
  }
}
