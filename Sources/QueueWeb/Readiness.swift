package import LibpqClient
package import QueueSchema

/// Whether the process can do its work now.
struct Readiness: Encodable, Sendable {
  let ready: Bool
  /// What is missing and what to do; nil if nothing is.
  let reason: String?

  /// A schema of another version is named; of a database that is away only that it is, since where
  /// it is concerns nobody who can ask here.
  init(_ check: @Sendable () async throws -> Void) async {
    do {
      try await check()
      (ready, reason) = (true, nil)
    } catch let mismatch as SchemaMismatch {
      (ready, reason) = (false, "\(mismatch)")
    } catch {
      (ready, reason) = (false, "the database does not answer")
    }
  }
}

extension QueueSite {
  /// How long the database may take to answer a readiness probe.
  static let patience = Duration.seconds(3)

  /// A readiness check of the pool's database and of the schemas in it.
  package static func databaseCheck(
    _ pool: ConnectionPool, schemas: [(set: MigrationSet, name: String)]
  ) -> @Sendable () async throws -> Void {
    {
      try await withThrowingTaskGroup(of: Void.self) { tasks in
        tasks.addTask {
          try await pool.withConnection { connection in
            for schema in schemas {
              try await Migrator(connection, set: schema.set, schema: schema.name).check()
            }
          }
        }
        tasks.addTask {
          try await Task.sleep(for: patience)
          throw TookTooLong()
        }
        defer { tasks.cancelAll() }
        try await tasks.next()
      }
    }
  }

  private struct TookTooLong: Error {}
}
