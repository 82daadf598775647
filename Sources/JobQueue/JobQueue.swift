public import Foundation
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

  /// Enqueues one job. It becomes claimable when the transaction commits and vanishes when that
  /// rolls back; without `connection` it is committed on return.
  ///
  /// - Parameters:
  ///   - queue: instead of the queue of the kind's options.
  ///   - priority: instead of the priority of the kind's options.
  ///   - delay: not before this long from now, by the server's clock.
  ///   - runAt: not before this time; a time in the past means at once. Not with `delay`.
  ///   - uniqueKey: at most one job with this key waits in the queue, 512 bytes at most.
  ///   - onConflict: what to do if one does.
  ///   - connection: the caller's connection with its open transaction.
  /// - Throws: `JobQueueError` (unknown queue, payload over 1 MiB, a run time beyond 100 years …),
  ///   `EncodingError`, `PayloadEncryptionError`, or `DatabaseError` when the server can't be reached.
  @discardableResult
  public func enqueue<Payload: JobPayload>(
    _ job: Payload, queue: String? = nil, priority: JobPriority? = nil, delay: Duration? = nil,
    runAt: Date? = nil, uniqueKey: String? = nil, onConflict: UniqueConflict = .keep,
    in connection: Connection? = nil
  ) async throws -> JobHandle<Payload> {
    let options = Payload.options
    let name = queue ?? options.queue
    let id = try await enqueue(
      kind: Payload.storedKind.description, json: try stored(job, in: name), queue: name,
      priority: priority ?? options.priority, delay: delay, runAt: runAt, uniqueKey: uniqueKey,
      onConflict: onConflict, in: connection)
    return JobHandle(id: id)
  }

  /// Enqueues a job of a kind that this program has no type for, from its payload's JSON.
  @discardableResult
  public func enqueue(
    kind: String, json: String, queue: String, priority: JobPriority = .normal,
    delay: Duration? = nil, runAt: Date? = nil, uniqueKey: String? = nil,
    onConflict: UniqueConflict = .keep, in connection: Connection? = nil
  ) async throws -> Int64 {
    precondition(delay == nil || runAt == nil, "expected delay or runAt, got: both")
    let statement = """
      select \(sql("enqueue"))($1, $2, $3::jsonb, $4::smallint, \
      coalesce($5::timestamptz, clock_timestamp() + $6::float8 * interval '1 second'), $7, $8)
      """
    let result = try await run(
      statement,
      [
        queue, kind, json, priority.rawValue, runAt, delay?.inSeconds, uniqueKey,
        onConflict.rawValue,
      ], in: connection)
    return try result[0, 0].decode(Int64.self)
  }

  /// Enqueues many jobs of one kind in one statement; they appear together or not at all.
  ///
  /// - Returns: their ids, in the order of `jobs`.
  /// - Throws: as `enqueue`.
  @discardableResult
  public func enqueueMany<Payload: JobPayload>(
    _ jobs: [Payload], queue: String? = nil, priority: JobPriority? = nil, runAt: Date? = nil,
    in connection: Connection? = nil
  ) async throws -> [JobHandle<Payload>] {
    let options = Payload.options
    let name = queue ?? options.queue
    let payloads = try jobs.map { try stored($0, in: name) }
    let result = try await run(
      "select * from \(sql("enqueue_many"))($1, $2, $3::text[]::jsonb[], $4::smallint, $5)",
      [
        name, Payload.storedKind.description, payloads,
        (priority ?? options.priority).rawValue, runAt,
      ], in: connection)
    return try (0..<result.count).map { JobHandle(id: try result[$0, 0].decode(Int64.self)) }
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
