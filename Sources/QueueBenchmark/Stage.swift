import JobQueue
import LibpqClient
import Logging
import QueueSchema

/// The scratch database with all that a run needs in it.
struct Stage: Sendable {
  let settings: BenchmarkSettings
  /// Names of the queues that are worked.
  let queues: [String]
  let scratch: ScratchDatabase
  let pool: ConnectionPool
  let queue: JobQueue
  let meter: Meter
  /// For preparations and yardsticks: commits do not wait for the disk, as a worker's don't.
  let connection: Connection
  let logger: Logger

  var sql: QueueSQL { QueueSQL(schema: scratch.name) }

  /// How workers reach the scratch database by way of a pooler; nil: there is none.
  var pooler: ConnectionConfiguration? {
    guard var pooler = settings.pooler else { return nil }
    pooler.database = scratch.name
    return pooler
  }

  static func with<T: Sendable>(
    _ scratch: ScratchDatabase, _ settings: BenchmarkSettings, _ logger: Logger,
    queues: [String] = [NoOp.queue], _ body: (Stage) async throws -> T
  ) async throws -> T {
    let connection = try await scratch.connect()
    try await Migrator(connection, schema: scratch.name).up()
    try await connection.query("set synchronous_commit = off")
    let metering = try await scratch.connect(as: "ong bench meter")
    var configuration = scratch.configuration
    configuration.applicationName = "ong bench"
    let pool = ConnectionPool(configuration, size: 4)
    let stage = Stage(
      settings: settings, queues: queues, scratch: scratch, pool: pool,
      queue: JobQueue(pool: pool, schema: scratch.name), meter: try await Meter(metering),
      connection: connection, logger: logger)
    try await stage.call("create_queue")
    do {
      let value = try await body(stage)
      await pool.close()
      return value
    } catch {
      await pool.close()
      throw error
    }
  }

  /// Runs `body` with another database of the same settings, so that it does not inherit this one's pages.
  func anew<T: Sendable>(
    on server: ConnectionConfiguration, queues: [String] = [NoOp.queue],
    _ body: (Stage) async throws -> T
  ) async throws -> T {
    try await ScratchDatabase.with(on: server) { scratch in
      try await Stage.with(scratch, settings, logger, queues: queues) { try await body($0) }
    }
  }

  /// Nobody can claim from now on.
  func pause() async throws { try await call("pause_queue") }

  func resume() async throws { try await call("resume_queue") }

  /// How many workers of the product sleep and listen.
  func sleepingWorkers() async throws -> Int {
    let answer = try await connection.query(
      """
      select count(distinct l.pid) from pg_locks l join pg_stat_activity a using (pid)
      where l.locktype = 'advisory' and l.mode = 'ShareLock' and l.granted
        and a.datname = current_database() and a.application_name = 'ong worker listen'
      """)
    return Int(try answer[0, 0].decode(Int64.self))
  }

  /// Calls a function of one parameter for each queue, all in one transaction.
  private func call(_ function: StaticString) async throws {
    try await connection.query(
      "select count(\(sql(function))(q)) from unnest($1::text[]) q", [queues])
  }
}
