import Foundation
import LibpqClient
import PrivatePostgres
import QueueSchema

extension DatabaseOptions {
  /// The database of a command that finds one and never starts one.
  func existingDatabase() async throws -> ConnectionConfiguration {
    switch choice {
    case .named(let configuration, _): return configuration
    case .kept(let folder):
      let server = DatabaseChoice.serverFolder(in: folder)
      if let found = PrivateServer.running(in: server, database: RunningDatabase.name) {
        return found
      }
      throw CommandFailure(
        .databaseUnreachable, "no database is named, and no private server runs in \(folder.path)",
        advice: "name one with --database or ONG_DATABASE_URL, or start 'ong up' in this folder")
    }
  }

  func withConnection<Result>(_ body: (Connection) async throws -> Result) async throws -> Result {
    try await withPool { pool in try await pool.withConnection { try await body($0) } }
  }

  func withPool<Result>(_ body: (ConnectionPool) async throws -> Result) async throws -> Result {
    var configuration = try await existingDatabase()
    configuration.applicationName = "ong command"
    let pool = ConnectionPool(configuration, size: 1)
    do {
      let result = try await body(pool)
      await pool.close()
      return result
    } catch {
      await pool.close()
      throw error
    }
  }
}
