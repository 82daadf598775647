public import JobQueue
public import LibpqClient

/// An expectation about enqueued jobs that is not met; its text lists what was found.
public struct EnqueuedJobsMismatch: Error, Sendable, CustomStringConvertible {
  public let description: String
}

extension TestQueue {
  /// Expects jobs of a kind that are enqueued and have not started.
  ///
  ///     try await test.expectEnqueued(SendNotice.self) { $0.payload.unit == "Đội 3" }
  ///
  /// - Parameters:
  ///   - count: exactly so many; nil: one at least. Default: nil.
  ///   - connection: one with an open transaction, to see what that has enqueued too.
  ///   - isMeant: which jobs of the kind. Default: all.
  /// - Returns: those jobs, oldest first.
  /// - Throws: `EnqueuedJobsMismatch` with a list of the jobs of that kind, or of the kinds that are
  ///   there when none is.
  @discardableResult
  public func expectEnqueued<Payload: JobPayload>(
    _ type: Payload.Type, count: Int? = nil, in connection: Connection? = nil,
    file: StaticString = #fileID, line: UInt = #line,
    where isMeant: (EnqueuedJob<Payload>) throws -> Bool = { _ in true }
  ) async throws -> [EnqueuedJob<Payload>] {
    let all = try await enqueuedJobs(of: type, in: connection)
    let meant = try all.filter(isMeant)
    if count.map({ $0 == meant.count }) ?? !meant.isEmpty { return meant }
    let wanted = count.map { "\($0)" } ?? "at least 1"
    throw EnqueuedJobsMismatch(
      description: """
        \(file):\(line): expected \(wanted) enqueued \(Payload.kind), got: \(meant.count)
        \(try await list(all, in: connection))
        """)
  }

  /// Expects that no such job is enqueued and has not started.
  ///
  /// - Throws: `EnqueuedJobsMismatch` with a list of those that are.
  public func expectNotEnqueued<Payload: JobPayload>(
    _ type: Payload.Type, in connection: Connection? = nil,
    file: StaticString = #fileID, line: UInt = #line,
    where isMeant: (EnqueuedJob<Payload>) throws -> Bool = { _ in true }
  ) async throws {
    let meant = try await enqueuedJobs(of: type, in: connection).filter(isMeant)
    if meant.isEmpty { return }
    throw EnqueuedJobsMismatch(
      description: """
        \(file):\(line): expected no enqueued \(Payload.kind), got: \(meant.count)
        \(try await list(meant, in: connection))
        """)
  }

  private func list<Payload: JobPayload>(
    _ jobs: [EnqueuedJob<Payload>], in connection: Connection?
  ) async throws -> String {
    if jobs.isEmpty { return "  other kinds: \(try await otherKinds(in: connection))" }
    let shown = jobs.prefix(20).map { "  \($0)" }.joined(separator: "\n")
    return jobs.count > 20 ? shown + "\n  and \(jobs.count - 20) more" : shown
  }

  private func otherKinds(in connection: Connection?) async throws -> String {
    let sql = """
      select coalesce(string_agg(format('%s (%s)', kind, n), ', ' order by kind), 'none') from (
        select kind, count(*) n from \(queue.sql("payloads_page"))(p_limit => 10000)
        where state not in ('running', 'dead', 'step', 'schedule') group by kind) k
      """
    let rows =
      if let connection { try await connection.query(sql) } else { try await pool.query(sql) }
    return try rows[0, 0].decode(String.self)
  }
}
