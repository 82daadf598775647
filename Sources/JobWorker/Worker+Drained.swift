import Foundation
import JobQueue
import LibpqClient

extension Worker {
  /// Works until its queues hold nothing more to do – jobs that jobs enqueue included – and stops.
  /// Call it instead of `run()`; paused queues and parked jobs are left alone.
  ///
  /// - Parameter horizon: also waits for jobs that become due within this time, such as retries.
  ///   Default: only what is due already.
  /// - Returns: how the attempts ended.
  /// - Throws: as `run()`.
  @discardableResult
  public func drained(includingDueWithin horizon: Duration = .zero) async throws -> WorkerTotals {
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { try await self.run() }
      group.addTask {
        defer { self.shutDown() }
        try await self.engine.untilDrained(horizon)
      }
      try await group.waitForAll()
    }
    return totals
  }
}

extension WorkerEngine {
  /// Suspends until the served queues hold nothing to do, or the worker has stopped.
  func untilDrained(_ horizon: Duration) async throws {
    while !shutdown.isOver {
      await untilIdle()
      if case .up(let connection) = link {
        do {
          if try await isNothingLeft(within: horizon, on: connection) { return }
        } catch let error as DatabaseError where error.mayPass || error.kind == .closed {
          // The outage is the worker's own to mend.
        }
      }
      try await Task.sleep(for: .milliseconds(10))
    }
  }

  /// Nothing waits, runs or becomes due.
  private func isNothingLeft(within horizon: Duration, on connection: Connection) async throws
    -> Bool
  {
    let left = try await connection.query(
      "select \(sql("jobs_left"))($1, $2::float8 * interval '1 second')",
      [pools.map(\.queue), horizon.inSeconds])
    return try left[0, 0].decode(Int64.self) == 0
  }
}
