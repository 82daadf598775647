import Foundation
import LibpqClient
import QueueSchema
import Synchronization

/// A database that a run makes beside the others of a server and drops at its end, with the queue in a
/// schema of the same name. Nothing else of the server is touched.
struct ScratchDatabase: Sendable {
  /// Also the schema's name, so that the group roles which come with a schema are the run's own too.
  let name: String
  let configuration: ConnectionConfiguration
  private let administration: Connection

  private static let prefix = "ong_bench_"
  private static let made = Atomic(0)
  /// For what moves many rows in one statement.
  static let patience = Duration.seconds(3600)

  static func with<T>(
    on server: ConnectionConfiguration, _ body: (ScratchDatabase) async throws -> T
  ) async throws -> T {
    var administrator = server
    administrator.applicationName = "ong bench"
    administrator.queryTimeout = patience
    let administration = try await Connection.open(administrator)
    let scratch = try await ScratchDatabase(administration, server)
    do {
      let value = try await body(scratch)
      try await scratch.drop()
      return value
    } catch {
      // The first error is the one to tell.
      try? await scratch.drop()
      throw error
    }
  }

  private init(
    _ administration: Connection, _ server: ConnectionConfiguration
  ) async throws {
    self.administration = administration
    try await Self.dropLeftovers(administration)
    // The time tells leftovers from those that were only just made.
    name =
      "\(Self.prefix)\(Int(Date().timeIntervalSince1970))_"
      + "\(ProcessInfo.processInfo.processIdentifier)_"
      + "\(Self.made.add(1, ordering: .relaxed).newValue)"
    var configuration = server
    configuration.database = name
    configuration.queryTimeout = Self.patience
    self.configuration = configuration
    do {
      try await administration.execute(script: "create database \(name) template template0")
    } catch let error as DatabaseError where error.sqlState == "42501" {
      throw DatabaseError(
        .server, "this login may not create the database that the run measures in",
        hint: "ALTER ROLE … CREATEDB, or name no database: the run starts a server of its own")
    }
  }

  /// A new connection to it.
  func connect(as application: String = "ong bench") async throws -> Connection {
    var configuration = configuration
    configuration.applicationName = application
    return try await Connection.open(configuration)
  }

  private func drop() async throws {
    try await Self.drop(name, administration)
    await administration.close()
  }

  private static func drop(_ name: String, _ administration: Connection) async throws {
    try await administration.execute(script: "drop database if exists \(name) with (force)")
    let roles = try await administration.query(
      "select quote_ident(rolname) from pg_roles where starts_with(rolname, $1)", [name + "_"])
    for role in roles {
      try await administration.execute(script: "drop role \(try role[0].decode(String.self))")
    }
  }

  /// Those of runs that were killed: a minute old, and nobody is connected.
  private static func dropLeftovers(_ administration: Connection) async throws {
    let found = try await administration.query(
      """
      select d.datname::text from pg_database d
      where d.datname ~ ('^' || $1 || '[0-9]+_[0-9]+_[0-9]+$')
        and pg_catalog.pg_has_role(d.datdba, 'usage')
        and to_timestamp(split_part(d.datname, '_', 3)::bigint) < now() - interval '1 minute'
        and not exists (select from pg_stat_activity a where a.datid = d.oid)
      """, [prefix])
    for row in found { try? await drop(try row[0].decode(String.self), administration) }
  }
}
