import EmulationAwards
import Foundation
import JobQueue
import JobQueueTesting
import LibpqClient
import QueueSchema

/// A database of its own for one test, with the queue and the domain in it.
struct EmulationDatabase {
  let configuration: ConnectionConfiguration
  let pool: ConnectionPool
  let queue: JobQueue
  let store: EmulationStore

  /// Runs `body` with a store whose recalculations do not wait, unless the settings say otherwise.
  static func with(
    _ settings: EmulationSettings = .immediate,
    _ body: (EmulationDatabase) async throws -> Void
  ) async throws {
    try await TestDatabase.withDatabase(template: .emulation) { home in
      let pool = ConnectionPool(home.configuration, size: 6)
      let queue = JobQueue(pool: pool)
      let store = EmulationStore(pool: pool, queue: queue, settings: settings)
      let database = EmulationDatabase(
        configuration: home.configuration, pool: pool, queue: queue, store: store)
      do {
        try await body(database)
      } catch {
        await pool.close()
        throw error
      }
      await pool.close()
    }
  }

  /// Jobs of a kind that wait, running or not.
  func jobs(_ kind: String) async throws -> Int {
    try await pool.query(
      """
      select (select count(*) from ong.job where kind = $1)
           + (select count(*) from ong.deferred where kind = $1)
      """, [kind])[0, 0].decode(Int.self)
  }

  func count(_ table: String) async throws -> Int {
    try await pool.query("select count(*) from emulation.\(table)")[0, 0].decode(Int.self)
  }
}

extension EmulationSettings {
  static var immediate: EmulationSettings {
    var settings = EmulationSettings()
    settings.recalculationDebounce = .zero
    return settings
  }
}

extension EmulationDatabase {
  struct NeverTrue: Error { let condition: String }

  /// Polls a condition in SQL for 10 seconds at most.
  func waitUntil(_ condition: String) async throws {
    let deadline = ContinuousClock.now + .seconds(10)
    while ContinuousClock.now < deadline {
      if try await pool.query(condition)[0, 0].decode(Bool.self) { return }
      try await Task.sleep(for: .milliseconds(5))
    }
    throw NeverTrue(condition: condition)
  }
}

extension TestTemplate {
  /// Queue and domain, with ids that need more than 32 bits.
  static let emulation = TestTemplate("emulation") { connection in
    try await Migrator(connection).up()
    try await Migrator(connection, set: .emulation, schema: MigrationSet.emulationSchema).up()
    for queue in EmulationJobs.queues {
      try await connection.query("select ong.create_queue($1)", [queue])
    }
    for table in ["decision", "notice", "report_artefact", "result_set", "sheet", "snapshot"] {
      try await connection.query("alter table emulation.\(table) alter id restart 5000000000")
    }
  }
}
