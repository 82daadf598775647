import JobQueueTesting
import LibpqClient

/// A database of the test's own with the queue `q`; names are looked up in the queue's schema first.
///
/// - Parameter cluster: a server of the test's own. Default: the one that all tests share.
func withQueueDatabase(
  on cluster: TestCluster? = nil, _ body: (ConnectionConfiguration) async throws -> Void
) async throws {
  try await TestDatabase.withDatabase(template: .queue, on: cluster) { database in
    var configuration = database.configuration
    configuration.searchPath = "ong"
    let connection = try await Connection.open(configuration)
    try await connection.query("select create_queue('q')")
    await connection.close()
    try await body(configuration)
  }
}
