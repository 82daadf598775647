import Foundation
public import LibpqClient

extension JobQueue {
  /// Enqueues any number of jobs of one kind by COPY, in one transaction. Payloads are encoded as they
  /// are sent, so memory does not grow with their number.
  ///
  /// The schema's owner copies straight into the log, several times as fast as `enqueueMany`, unless
  /// the jobs have unique keys. Everybody else, and jobs with unique keys, go through the view
  /// `job_intake`, which checks each row as `enqueue` does.
  ///
  /// All parameters are as for `enqueueMany`. A queue that is full refuses the owner's COPY at its
  /// start, others at the row that is too many; with `limit` the start is waited for.
  ///
  /// - Parameter connection: the caller's connection with its open transaction; without it the jobs
  ///   are committed on return.
  /// - Returns: how many were sent, those that a unique key kept out included.
  /// - Throws: as `enqueue`; payloads over 1 MiB are refused whatever the queue's own limit is.
  @discardableResult
  public func enqueueBulk<Jobs: Sequence & Sendable>(
    _ jobs: Jobs, queue: String? = nil, priority: JobPriority? = nil,
    key: (@Sendable (Jobs.Element) -> String?)? = nil,
    unique: (@Sendable (Jobs.Element) -> JobUniqueness?)? = nil, expires: JobExpiry? = nil,
    tags: [String] = [], trace: TraceContext? = nil, waitingUpTo limit: Duration? = nil,
    in connection: Connection? = nil
  ) async throws -> Int where Jobs.Element: JobPayload {
    let bulk = Bulk(
      jobs: PeekedJobs(jobs), queue: queue ?? Jobs.Element.options.queue,
      priority: priority ?? Jobs.Element.options.priority, key: key, unique: unique,
      expires: expires, tags: tags, trace: trace)
    return try await mappingQueueErrors {
      if let connection { return try await copy(bulk, waitingUpTo: limit, on: connection) }
      if limit == nil, !bulk.isUnique { return try await copyAtOnce(bulk) }
      return try await pool.withTransaction {
        try await copy(bulk, waitingUpTo: limit, on: $0)
      }
    }
  }

  /// In a transaction of its own, whose statements travel together as far as they can.
  private func copyAtOnce<Jobs>(_ bulk: Bulk<Jobs>) async throws -> Int {
    let (statement, parameters) = target(of: bulk)
    return try await pool.withConnection { connection in
      try await connection.transaction(first: .query(statement, parameters)) {
        (count: try await copy(bulk, to: $1, on: $0), isInLog: $1.count > 0)
      } last: {
        $0.isInLog ? .query(wakeStatement, [bulk.queue]) : nil
      }.count
    }
  }

  private func copy<Jobs>(
    _ bulk: Bulk<Jobs>, waitingUpTo limit: Duration?, on connection: Connection
  ) async throws -> Int {
    if let limit {
      try await waitingForRoom(in: bulk.queue, upTo: limit) {
        try await connection.query("select \(sql("has_room"))($1)", [bulk.queue])[0, 0]
          .decode(Bool.self) ? () : nil
      }
    }
    if bulk.isUnique { return try await copyIntoIntake(bulk, on: connection) }
    let (statement, parameters) = target(of: bulk)
    let target = try await connection.query(statement, parameters)
    let count = try await copy(bulk, to: target, on: connection)
    if target.count > 0 { try await connection.query(wakeStatement, [bulk.queue]) }
    return count
  }

  /// After a COPY into the log; the intake does that by itself.
  private var wakeStatement: String { "select \(sql("wake_queue"))($1)" }

  /// Asks where in the log the jobs go; no row for those who may not write it.
  private func target<Jobs>(of bulk: Bulk<Jobs>) -> (sql: String, parameters: [any SQLParameter]) {
    (
      """
      select partition, segment, lane, meta from \(sql("bulk_target"))($1, $2, \
      coalesce($3::timestamptz, clock_timestamp() + make_interval(secs => $4::float8)), \
      nullif($5::text[], '{}'), $6)
      """,
      [
        bulk.queue, bulk.priority.rawValue, bulk.expires?.date, bulk.expires?.delay?.inSeconds,
        bulk.tags, bulk.trace?.description,
      ]
    )
  }

  private func copy<Jobs>(
    _ bulk: Bulk<Jobs>, to target: QueryResult, on connection: Connection
  ) async throws -> Int {
    target.count > 0
      ? try await copyIntoLog(bulk, at: target, on: connection)
      : try await copyIntoIntake(bulk, on: connection)
  }

  private func copyIntoLog<Jobs>(
    _ bulk: Bulk<Jobs>, at target: QueryResult, on connection: Connection
  ) async throws -> Int {
    let segment = try target[0, 1].decode(Int32.self)
    let lane = try target[0, 2].decode(Int32.self)
    let meta = try target[0, 3].decode(JSONText?.self)
    let key = bulk.key
    return try await connection.copyIn(
      """
      copy \(try target[0, 0].decode(String.self)) (segment, lane, kind, meta, payload, key) \
      from stdin (format binary)
      """,
      BulkChunks(
        jobs: bulk.jobs, payloads: StoredPayloads(queue: bulk.queue, cipher: cipher),
        writer: try CopyBinaryWriter(
          columns: 6, shared: [segment, lane, Jobs.Element.storedKind.description, meta])
      ) { job, json in
        guard job.uniqueness == nil else { throw JobQueueError.lateUniqueness }
        guard !json.holdsNUL else { throw JobQueueError.payloadWithNUL }
        return [json, key?(job)]
      })
  }

  private func copyIntoIntake<Jobs>(
    _ bulk: Bulk<Jobs>, on connection: Connection
  ) async throws -> Int {
    let clock = try await connection.query(
      """
      select coalesce($1::timestamptz, clock_timestamp() + make_interval(secs => $2::float8))
      """, [bulk.expires?.date, bulk.expires?.delay?.inSeconds])
    let expiresAt = try clock[0, 0].decode(Date?.self)
    return try await connection.copyIn(
      """
      copy \(sql("job_intake")) (queue, kind, payload, priority, key, unique_key, on_conflict, \
      unique_scope, unique_for, expires_at, tags, traceparent, unique_payload) from stdin (format binary)
      """,
      BulkChunks(
        jobs: bulk.jobs, payloads: StoredPayloads(queue: bulk.queue, cipher: cipher),
        writer: CopyBinaryWriter(columns: 13)
      ) { job, json in
        let unique = try (bulk.unique.map { $0(job) } ?? job.uniqueness)?
          .checked(for: Jobs.Element.self)
        return [
          bulk.queue, Jobs.Element.storedKind.description, json.jsonb, bulk.priority.rawValue,
          bulk.key?(job), unique?.key.text,
          unique?.onConflict.rawValue, unique?.scope.name,
          unique?.scope.window.map(IntervalValue.init), expiresAt,
          bulk.tags.isEmpty ? nil : bulk.tags as [String]?, bulk.trace?.description,
          unique?.key == .payload,
        ]
      })
  }
}
