public import LibpqClient

/// The queue of one installation: enqueues jobs, shows what is there, and operates on it.
///
/// Runs nothing: that is `Worker` of JobWorker. Safe to share; each call borrows a connection of the
/// pool unless the caller's own is given.
public final class JobQueue: Sendable {
  package let pool: ConnectionPool
  package let sql: QueueSQL
  let ends: EndNotices
  package let cipher: (any PayloadCipher)?

  /// - Parameters:
  ///   - schema: where `ong migrate up` has installed the queue. Default: `ong`.
  ///   - cipher: encrypts the payloads of kinds that ask for it (`JobPayload.isEncrypted`). Default:
  ///     none; such kinds are refused then.
  public init(
    pool: ConnectionPool, schema: String = "ong", cipher: (any PayloadCipher)? = nil
  ) {
    self.pool = pool
    self.cipher = cipher
    self.sql = QueueSQL(schema: schema)
    ends = EndNotices(database: pool.configuration, channel: sql.endedChannel)
  }

  func run(
    _ statement: String, _ parameters: [any SQLParameter] = [], in connection: Connection? = nil
  ) async throws -> QueryResult {
    try await mappingQueueErrors {
      if let connection { return try await connection.query(statement, parameters) }
      return try await pool.withConnection { try await $0.query(statement, parameters) }
    }
  }
}
