public import Foundation
public import JobQueue
public import LibpqClient

/// A job that is enqueued and has not started, or waits for its next attempt.
public struct EnqueuedJob<Payload: JobPayload>: Sendable {
  public var id: Int64
  public var queue: String
  public var priority: JobPriority
  /// Waiting, scheduled, retrying, snoozed or parked.
  public var state: JobState
  public var attempt: Int
  /// When it becomes claimable; nil where it is.
  public var runAt: Date?
  public var uniqueKey: String?
  /// Decrypted, and lifted to today's version.
  public var payload: Payload
}

extension EnqueuedJob: CustomStringConvertible {
  /// One line, with the payload as JSON.
  public var description: String {
    let json = (try? PayloadCoding.encode(payload)) ?? "\(payload)"
    let time = runAt.map { ", due \($0.formatted(.iso8601))" } ?? ""
    return "job \(id) in \(queue), \(priority), \(state.rawValue)\(time): \(json)"
  }
}

extension TestQueue {
  /// The jobs of a kind, in all its versions, that are enqueued and not running or ended, oldest first.
  ///
  /// - Parameter connection: one with an open transaction, to see what that has enqueued too. Default:
  ///   what is committed.
  /// - Throws: for a payload that does not decode.
  public func enqueuedJobs<Payload: JobPayload>(
    of type: Payload.Type, in connection: Connection? = nil
  ) async throws -> [EnqueuedJob<Payload>] {
    if let connection { return try await enqueued(type, on: connection) }
    return try await pool.withConnection { try await enqueued(type, on: $0) }
  }

  private func enqueued<Payload: JobPayload>(
    _ type: Payload.Type, on connection: Connection
  ) async throws -> [EnqueuedJob<Payload>] {
    var jobs: [EnqueuedJob<Payload>] = []
    var place: String?
    repeat {
      let page = try await connection.query(
        """
        select p.place, p.kind, p.id, p.queue, p.state, p.payload, d.run_at,
          coalesce(d.lane, k.lane, y.lane, j.lane) % 4 band, coalesce(d.attempt, k.attempt, y.attempt, j.attempt) attempt,
          coalesce(d.unique_key, k.unique_key, y.unique_key, j.unique_key) unique_key
        from \(queue.sql("payloads_page"))($1) p
          left join \(queue.sql("deferred")) d using (id) left join \(queue.sql("parked")) k using (id)
          left join \(queue.sql("keyed")) y using (id)
          left join lateral (
            select l.* from \(queue.sql("job")) l where l.id = p.id order by l.xid desc limit 1) j on true
        """, [place])
      place = nil
      for row in page {
        place = try row["place"].decode(String.self)
        if let job = try EnqueuedJob<Payload>(row, cipher: queue.cipher) { jobs.append(job) }
      }
    } while place != nil
    return jobs.sorted { $0.id < $1.id }
  }
}

extension EnqueuedJob {
  private static var states: Set<JobState> {
    [.waiting, .scheduled, .retrying, .snoozed, .parked]
  }

  /// Nil for other kinds and states.
  fileprivate init?(_ row: SQLRow, cipher: (any PayloadCipher)?) throws {
    let kind = StoredKind(try row["kind"].decode(String.self))
    guard kind.name == Payload.kind, let state = JobState(rawValue: try row["state"].decode()),
      Self.states.contains(state)
    else { return nil }
    guard Payload.readableVersions ~= kind.version else {
      throw DatabaseError.decoding("expected a version of \(Payload.kind) to read, got: \(kind)")
    }
    let reader = PayloadReader(Payload.self, version: kind.version, cipher: cipher)
    let json = try row["payload"].decode(JSONText.self).text
    id = try row["id"].decode()
    queue = try row["queue"].decode()
    priority = JobPriority(rawValue: Int16(try row["band"].decode(Int.self))) ?? .normal
    self.state = state
    attempt = try row["attempt"].decode(Int.self)
    runAt = try row["run_at"].decode()
    uniqueKey = try row["unique_key"].decode()
    payload = try reader.read(Data(json.utf8), queue: queue)
  }
}
