import JobQueueTesting

/// One database for the tests of a connection, which keep to temporary tables and to channels of
/// their own: a database for each would take longer than the tests.
enum SharedDatabase {
  private static let database = Task { try await TestCluster.shared.createDatabase() }

  static func use<T>(_ body: (TestDatabase) async throws -> T) async throws -> T {
    try await body(database.value)
  }
}
