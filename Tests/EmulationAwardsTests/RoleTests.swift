import EmulationAwards
import Foundation
import JobQueue
import LibpqClient
import Testing

/// The domain's roles, seen from logins that have nothing else.
struct RoleTests {
  private let key = BlocPeriodKey(bloc: "HDT", period: "2023")

  /// A store whose connections act as a role that is a member of the named ones.
  private func withMember<T>(
    of roles: String, in database: EmulationDatabase, _ body: (EmulationStore) async throws -> T
  ) async throws -> T {
    let login = "clerk_\(UUID().uuidString.prefix(8).lowercased())"
    try await database.pool.query("create role \(login) login in role \(roles)")
    var configuration = database.configuration
    configuration.conninfo += " user=\(login)"
    let pool = ConnectionPool(configuration, size: 2)
    let result: T
    do {
      result = try await body(
        EmulationStore(pool: pool, queue: JobQueue(pool: pool), settings: .immediate))
    } catch {
      await pool.close()
      throw error
    }
    await pool.close()
    return result
  }

  @Test("The application's role does the whole work of a period, together with the queue's")
  func application() async throws {
    try await EmulationDatabase.with { database in
      let roles = "ong_producer, emulation_application"
      try await withMember(of: roles, in: database) { store in
        _ = try await store.importSample(try SampleData.builtIn())
        _ = try await store.recalculate(key)
        _ = try await store.close(key)
        let ranking = try await store.ranking(of: key)
        #expect(ranking?.rows.count == 15)
      }
    }
  }

  @Test("A reader looks and changes nothing")
  func reader() async throws {
    try await EmulationDatabase.with { database in
      _ = try await database.store.importSample(try SampleData.builtIn())
      let sheet = try SampleData.builtIn().sheets[0]
      try await withMember(of: "emulation_reader", in: database) { store in
        let periods = try await store.blocPeriods()
        #expect(!periods.isEmpty)
        let error = await #expect(throws: DatabaseError.self) {
          try await store.submitSheet(sheet)
        }
        #expect(error?.sqlState == "42501")
      }
    }
  }
}
