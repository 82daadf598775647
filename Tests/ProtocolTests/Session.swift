import Foundation
import LibpqClient

/// A scripted session: one connection that calls the queue's functions by their names.
struct Session {
  let connection: Connection

  init(_ configuration: ConnectionConfiguration) async throws {
    connection = try await Connection.open(configuration)
  }

  func run(_ script: String) async throws {
    try await connection.execute(script: script)
  }

  /// One value of a one-row query.
  func value<Value: SQLDecodable>(
    _ sql: String, _ parameters: [any SQLParameter] = [], as type: Value.Type = Value.self
  ) async throws -> Value {
    try await connection.query(sql, parameters)[0, 0].decode(Value.self)
  }

  @discardableResult
  func enqueue(
    _ queue: String = "q", kind: String = "k", payload: JSONText = "{}", priority: Int16 = 2,
    runAt: Date? = nil, uniqueKey: String? = nil, onConflict: String = "keep"
  ) async throws -> Int64 {
    try await value(
      "select enqueue($1, $2, $3, $4, $5, $6, $7)",
      [queue, kind, payload, priority, runAt, uniqueKey, onConflict])
  }

  /// Registers a worker on this connection.
  func register(_ queues: [String] = ["q"], kinds: [String] = ["k"]) async throws -> UUID {
    let epoch = UUID()
    try await connection.query(
      "select register_worker($1, 'host', 1, 'test', 4, $2, $3)", [epoch, queues, kinds])
    return epoch
  }

  func claim(
    _ epoch: UUID, session: Int32 = 1, queue: String = "q", limit: Int32 = 100
  ) async throws -> [Claimed] {
    try await connection.query(
      "select lane, seq, id, attempt, crashes from claim($1, $2, $3, $4)",
      [epoch, session, queue, limit]
    ).map {
      Claimed(
        lane: try $0[0].decode(), seq: try $0[1].decode(), id: try $0[2].decode(),
        attempt: try $0[3].decode(), crashes: try $0[4].decode())
    }
  }

  func settle(
    _ epoch: UUID, _ job: Claimed, session: Int32 = 1, ids: [Int64]? = nil, isFinal: Bool = true,
    outcomes: JSONText? = nil
  ) async throws {
    try await connection.query(
      "select settle($1, $2, $3, $4, $5, $6, $7)",
      [epoch, session, job.lane, job.seq, ids, isFinal, outcomes])
  }

  func state(of id: Int64) async throws -> String? {
    try await value("select job_state($1)", [id])
  }

  /// Returns once the session with this server process waits for a lock; throws after 10 seconds.
  func awaitBlocked(_ other: Session) async throws {
    let pid = other.connection.backendProcessID
    let deadline = ContinuousClock.now + .seconds(10)
    while ContinuousClock.now < deadline {
      let waits: Bool = try await value(
        """
        select exists (select from pg_stat_activity where pid = $1 and wait_event_type = 'Lock')
        """, [pid])
      if waits { return }
      try await Task.sleep(for: .milliseconds(5))
    }
    throw StressError(description: "session \(pid) waits for no lock")
  }
}

struct Claimed: Equatable {
  let lane: Int32
  let seq: Int64
  let id: Int64
  let attempt: Int16
  let crashes: Int16
}

/// The SQLSTATE that an act fails with; nil where it succeeds.
func sqlState(_ act: () async throws -> Void) async throws -> String? {
  do {
    try await act()
    return nil
  } catch let error as DatabaseError {
    return error.sqlState
  }
}
