import LibpqClient

/// The yardstick: a queue as it is usually built on PostgreSQL. One table, a status, a partial index,
/// batches claimed by UPDATE with FOR UPDATE SKIP LOCKED, and deleted by one statement a batch.
struct ClassicQueue: Sendable {
  let connection: Connection

  /// Lends one on a connection of its own, which does not wait for the disk, as a worker's don't.
  static func with<T>(_ stage: Stage, _ body: (ClassicQueue) async throws -> T) async throws -> T {
    let connection = try await stage.scratch.connect(as: "ong bench classic")
    do {
      try await connection.query("set synchronous_commit = off")
      let value = try await body(ClassicQueue(connection: connection))
      await connection.close()
      return value
    } catch {
      await connection.close()
      throw error
    }
  }

  private static let table = """
    drop table if exists classic_job;
    create table classic_job (
      id bigint generated always as identity primary key,
      status text not null default 'waiting',
      kind text not null,
      payload jsonb not null,
      attempt smallint not null default 0,
      enqueued_at timestamptz not null default now());
    create index classic_job_waiting on classic_job (id) where status = 'waiting';
    """

  /// An empty table.
  func make() async throws { try await connection.execute(script: Self.table) }

  func fill(jobs: Int, payloadBytes: Int) async throws {
    let payloads = NoOp.Factory(size: payloadBytes)
    for piece in (0..<jobs).pieces(of: OngFill.transaction) {
      try await connection.copyIn(
        "copy classic_job (kind, payload) from stdin (format binary)",
        BinaryCopy(columns: 2, rows: piece) {
          [NoOp.kind, JSONText(payloads.json(Int64($0)))]
        })
    }
    try await connection.query("analyze classic_job")
  }

  private static let claim = """
    with next as materialized (
      select id from classic_job where status = 'waiting' order by id limit $1
      for update skip locked)
    update classic_job j set status = 'running', attempt = attempt + 1
    from next where j.id = next.id returning j.id, j.kind, j.payload
    """
  private static let done = "delete from classic_job where id = any ($1)"

  /// Claims a batch and reports the last one in the same round trip, each in a transaction of its own.
  func round(claiming limit: Int, finishing ids: [Int64]) async throws -> QueryResult {
    var requests = [PipelineRequest.query(Self.claim, [Int32(limit)])]
    if !ids.isEmpty { requests = [.query(Self.done, [ids]), .sync] + requests }
    let answers = try await connection.pipeline(requests)
    for answer in answers.dropLast() { _ = try answer.get() }
    return try answers[answers.count - 1].get()
  }

  /// Works off what waits, or at least `limit` jobs of it; returns how many.
  func drain(
    batch: Int, limit: Int = .max, latency: LatencyRecorder, since start: Int64
  ) async throws -> Int {
    var finished: [Int64] = []
    var jobs = 0
    while true {
      let rows = try await round(claiming: jobs < limit ? batch : 0, finishing: finished)
      if rows.count == 0 { return jobs }
      jobs += rows.count
      finished = rows.ids(column: 0)
      latency.record(nanoseconds: MonotonicClock.nanoseconds - start)
    }
  }
}

extension QueryResult {
  /// The values of a bigint column.
  func ids(column: Int) -> [Int64] {
    (0..<count).map { integer(row: $0, column: column) ?? 0 }
  }
}

extension QueryResult {
  /// The number of each job, from its payload.
  func numbers(column: Int) -> [Int64] {
    (0..<count).map { row in
      withUnsafeBytes(row: row, column: column) { $0.map(NoOp.number) ?? 0 }
    }
  }
}
