import Foundation
import JobQueue
import JobWorker
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
      "select \(ClaimColumn.list) from \(stage.sql("claim_rows"))($1, $2, $3, $4)",
      [epoch, session, NoOp.queue, Int32(batch)])
    var requests = [claim]
    var jobs = 0
    var bytes = 0
    while true {
      let answers = try await connection.pipeline(requests)
      for answer in answers.dropLast() { _ = try answer.get() }
      let rows = try answers[answers.count - 1].get()
      let claimed = ClaimAnswer(rows)
      if claimed.jobs == 0 || jobs >= limit { return jobs }
      jobs += claimed.jobs
      for row in 0..<rows.count {
        bytes &+= rows.unsafeBytes(row: row, column: ClaimColumn.payload)?.count ?? 0
      }
      precondition(bytes > 0, "expected payloads, got: none")
      requests = settlements(of: claimed) + (jobs < limit ? [claim] : [])
      latency.record(nanoseconds: MonotonicClock.nanoseconds - start)
    }
  }

  private func settlements(of answer: ClaimAnswer) -> [PipelineRequest] {
    answer.claims.flatMap { claim in
      [
        PipelineRequest.query(
          "select \(stage.sql("settle"))($1, $2, $3, $4, null, true)",
          [epoch, session, claim.key.lane, claim.key.seq]), .sync,
      ]
    }
  }
}
