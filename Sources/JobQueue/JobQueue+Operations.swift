public import Foundation
import LibpqClient

/// What an operator does. Each call is one short transaction of its own.
extension JobQueue {
  /// Makes a queue; does nothing if it exists.
  public func createQueue(_ name: String) async throws {
    _ = try await run("select \(sql("create_queue"))($1)", [name])
  }

  /// No job of the queue is claimed until `resumeQueue`. Running ones go on.
  public func pauseQueue(_ name: String) async throws {
    _ = try await run("select \(sql("pause_queue"))($1)", [name])
  }

  public func resumeQueue(_ name: String) async throws {
    _ = try await run("select \(sql("resume_queue"))($1)", [name])
  }

  /// Makes a dead, scheduled, retrying, snoozed or parked job claimable now.
  public func retryJob(_ id: Int64) async throws {
    _ = try await run("select \(sql("retry_job"))($1)", [id])
  }

  /// Cancels a job that is not final: a waiting one never runs, a running one is asked to end.
  ///
  /// - Returns: what was done, in the server's words, such as `cancelled` or `requested`.
  @discardableResult
  public func cancelJob(_ id: Int64) async throws -> String {
    try await run("select \(sql("cancel_job"))($1)", [id])[0, 0].decode(String.self)
  }

  /// Drops a dead letter.
  public func discardJob(_ id: Int64) async throws {
    _ = try await run("select \(sql("discard_job"))($1)", [id])
  }

  /// Makes dead letters claimable again, oldest first.
  ///
  /// - Parameters:
  ///   - queue: only of this queue; nil: of all.
  ///   - kind: only of this kind; nil: of all.
  ///   - limit: at most so many. Default: 1000.
  /// - Returns: how many.
  @discardableResult
  public func retryDead(queue: String? = nil, kind: String? = nil, limit: Int = 1000) async throws
    -> Int
  {
    try await run(
      "select \(sql("retry_dead"))($1, $2, $3::int)::bigint", [queue, kind, Int32(clamping: limit)]
    )[0, 0].decode(Int.self)
  }

  /// Asks a worker to finish what it runs and claim nothing more.
  public func drainWorker(_ epoch: UUID) async throws {
    _ = try await run("select \(sql("drain_worker"))($1)", [epoch])
  }
}
