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
        await self.engine.untilDrained(horizon)
        self.shutDown()
      }
      try await group.waitForAll()
    }
    return totals
  }
}

extension WorkerEngine {
  /// Suspends until the served queues hold nothing to do, or the worker has stopped.
  func untilDrained(_ horizon: Duration) async {
    while !shutdown.isOver {
      await untilIdle()
      if await leftToDo(within: horizon) == 0 { return }
      try? await Task.sleep(for: .milliseconds(10))
    }
  }

  /// Jobs that wait, run or are due; nil when the server does not say.
  private func leftToDo(within horizon: Duration) async -> Int64? {
    // Nothing is asked of a worker that is not at work: the outage is its own to mend.
    guard case .up(let connection) = link else { return nil }
    let result = try? await connection.query(
      """
      select coalesce((select sum(waiting + running)::bigint from \(sql("queue_status"))() \
      where name = any($1) and paused_at is null), 0) \
      + (select count(*) from \(sql("deferred_job")) where queue = any($1) \
      and run_at <= clock_timestamp() + $2::float8 * interval '1 second')
      """, [served.map(\.name), horizon.inSeconds])
    return try? result?[0, 0].decode(Int64.self)
  }
}
