import LibpqClient

/// Where a payload is stored that is still to be run: the states of jobs that are not over, and what
/// jobs are made from.
public enum PayloadPlace: String, Sendable, Hashable, Codable, CodingKeyRepresentable, CaseIterable
{
  case waiting, running, scheduled, retrying, snoozed, parked, dead
  /// A step of a workflow that is not enqueued yet.
  case step
  /// A schedule, whose jobs are enqueued at its ticks.
  case schedule
}

/// A payload that is still to be run, as it is stored.
package struct StoredPayload: Sendable, Hashable {
  /// Of the job, the step or the schedule.
  package var id: Int64
  package var queue: String
  /// With its version, as `StoredKind` writes it.
  package var kind: String
  package var state: PayloadPlace
  package var json: String
  /// Where the next page begins; of a job that waits in the log, where it lies there.
  var place: String
}

extension JobQueue {
  /// Gives `body` every payload that is still to be run, as of one moment, in pages of at most 1000 or
  /// about 4 MiB. Rotation is kept out meanwhile; nothing else is.
  ///
  /// - Parameter isSealed: only encrypted payloads. Default: all.
  package func withPayloads(
    isSealed: Bool = false, _ body: ([StoredPayload]) async throws -> Void
  ) async throws {
    try await mappingQueueErrors {
      try await pool.withTransaction(isolation: .repeatableRead) { connection in
        // Takes no snapshot: what follows sees the log as it is once rotation is kept out.
        try await connection.query("lock table \(sql("log_guard")) in access share mode")
        try await pages(isSealed: isSealed, on: connection, body)
      }
    }
  }

  /// The same where each page is of its own moment, as what is read shall be changed. Of jobs in the log
  /// only those that were there at the start; rotation may move some out of sight.
  ///
  /// - Parameter isSealed: only encrypted payloads.
  func withPayloadsToChange(
    isSealed: Bool, _ body: ([StoredPayload]) async throws -> Void
  ) async throws {
    let end = try await run("select pg_snapshot_xmax(pg_current_snapshot())::text")[0, 0]
    try await pages(isSealed: isSealed, before: end.decode(String.self), body)
  }

  private func pages(
    isSealed: Bool, before end: String? = nil, on connection: Connection? = nil,
    _ body: ([StoredPayload]) async throws -> Void
  ) async throws {
    var place: String?
    while true {
      let page = try await run(
        "select * from \(sql("payloads_page"))($1, p_sealed => $2, p_before => $3::text::xid8)",
        [place, isSealed, end], in: connection
      ).map { try StoredPayload($0) }
      guard let last = page.last else { return }
      try await body(page)
      place = last.place
    }
  }
}

extension StoredPayload {
  fileprivate init(_ row: SQLRow) throws {
    id = try row["id"].decode()
    queue = try row["queue"].decode()
    kind = try row["kind"].decode()
    let word: String = try row["state"].decode()
    guard let state = PayloadPlace(rawValue: word) else {
      throw DatabaseError.decoding("expected a PayloadPlace, got: \(word)")
    }
    self.state = state
    json = try row["payload"].decode(JSONText.self).text
    place = try row["place"].decode()
  }
}
