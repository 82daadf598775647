public import LibpqClient
import PrivatePostgres

/// A database of one test's own.
public struct TestDatabase: Sendable {
  public let name: String
  public let cluster: TestCluster

  /// How to connect to it, as the superuser.
  public var configuration: ConnectionConfiguration {
    cluster.server.configuration(database: name)
  }

  /// A new connection; it ends at the latest when the database is dropped.
  public func connect() async throws -> Connection { try await Connection.open(configuration) }

  /// Runs `body` with a new database, cloned from the template, and drops it afterwards. Whatever
  /// is still connected then is cut off.
  ///
  /// - Parameter cluster: nil is the shared one.
  public static func withDatabase<T>(
    template: TestTemplate = .empty, on cluster: TestCluster? = nil,
    _ body: (TestDatabase) async throws -> T
  ) async throws -> T {
    let home: TestCluster = if let cluster { cluster } else { try await TestCluster.shared }
    let database = try await home.createDatabase(template)
    do {
      let value = try await body(database)
      try await home.drop(database)
      return value
    } catch {
      try? await home.drop(database)
      throw error
    }
  }
}
