import Foundation
import JobQueue
import LibpqClient

/// Ong's own claim and settle in a bare loop: one connection, no slots, no handlers, no payload is
/// decoded. What the worker's runtime costs is the difference to this.
struct BareQueue: Sendable {
  let stage: Stage
  let connection: Connection
  private let epoch: UUID
  private let session: Int32

  private init(_ stage: Stage, _ connection: Connection, _ epoch: UUID, _ session: Int32) {
    self.stage = stage
    self.connection = connection
    self.epoch = epoch
    self.session = session
  }

  static func with<T>(_ stage: Stage, _ body: (BareQueue) async throws -> T) async throws -> T {
    let connection = try await stage.scratch.connect(as: "ong bench bare")
    let epoch = UUID()
    do {
      try await connection.query("set synchronous_commit = off")
      let answer = try await connection.query(
        "select \(stage.sql("register_worker"))($1, $2, $3, $4, $5, $6, $7)",
        [
          epoch, "bench", ProcessInfo.processInfo.processIdentifier, "0", Int32(1), [NoOp.queue],
          [NoOp.kind],
        ])
      let session = try answer[0, 0].decode(Int32.self)
      let value = try await body(BareQueue(stage, connection, epoch, session))
      try await connection.query("select \(stage.sql("retire_worker"))($1, $2)", [epoch, session])
      await connection.close()
      return value
    } catch {
      await connection.close()
      throw error
    }
  }

  /// Works off what waits, or at least `limit` jobs of it; returns how many. Each round trip settles the
  /// last batch and claims the next.
  func drain(
    batch: Int, limit: Int = .max, latency: LatencyRecorder, since start: Int64
  ) async throws -> Int {
    let claim = PipelineRequest.query(
      """
      select lane, seq, id, attempt, crashes, kind, payload, enqueued_at, meta \
      from \(stage.sql("claim"))($1, $2, $3, $4)
      """, [epoch, session, NoOp.queue, Int32(batch)])
    var requests = [claim]
    var jobs = 0
    var bytes = 0
    while true {
      let answers = try await connection.pipeline(requests)
      for answer in answers.dropLast() { _ = try answer.get() }
      let rows = try answers[answers.count - 1].get()
      if rows.count == 0 || jobs >= limit { return jobs }
      jobs += rows.count
      for row in 0..<rows.count {
        bytes &+= rows.withUnsafeBytes(row: row, column: 6) { $0?.count ?? 0 }
      }
      precondition(bytes > 0, "expected payloads, got: none")
      requests = settlements(of: rows) + (jobs < limit ? [claim] : [])
      latency.record(nanoseconds: MonotonicClock.nanoseconds - start)
    }
  }

  private func settlements(of rows: QueryResult) -> [PipelineRequest] {
    var requests: [PipelineRequest] = []
    var last: (lane: Int64, seq: Int64)?
    for row in 0..<rows.count {
      let lane = rows.integer(row: row, column: 0) ?? 0
      let seq = rows.integer(row: row, column: 1) ?? 0
      if let last, last == (lane, seq) { continue }
      last = (lane, seq)
      requests += [
        .query(
          "select \(stage.sql("settle"))($1, $2, $3, $4, null, true)",
          [epoch, session, Int32(lane), seq]), .sync,
      ]
    }
    return requests
  }
}
