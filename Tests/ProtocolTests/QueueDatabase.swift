import JobQueueTesting
import LibpqClient

/// A database of the test's own with the queue `q`; names are looked up in the queue's schema first.
func withQueueDatabase(_ body: (ConnectionConfiguration) async throws -> Void) async throws {
  try await TestDatabase.withDatabase(template: .queue) { database in
    var configuration = database.configuration
    configuration.searchPath = "ong"
    let connection = try await Connection.open(configuration)
    try await connection.query("select create_queue('q')")
    await connection.close()
    try await body(configuration)
  }
}
