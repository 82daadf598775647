public import Foundation
import JobQueue
import LibpqClient

/// The manual clock of a queue made with `TestQueue.with(clock: .manual)`.
extension TestQueue {
  /// Lets time pass at once: what has become due is claimable when this returns – scheduled, retrying
  /// and snoozed jobs, ticks of schedules, waits of workflows – and what has run out has run out.
  ///
  /// Time passes for the queue's SQL. Timeouts and the expiry that a worker checks before it starts a
  /// job go by the worker's own clock. Running workers stay alive.
  ///
  /// - Throws: `TestQueueError` where the queue goes by the server's clock.
  public func advance(by duration: Duration) async throws {
    guard clock == .manual else { throw TestQueueError.noManualClock }
    precondition(duration >= .zero, "expected duration to be 0 or more, got: \(duration)")
    try await pool.withTransaction { connection in
      let step = "$1::float8 * interval '1 second'"
      try await connection.query(
        "update manual_clock.setting set ahead = ahead + \(step)", [duration.inSeconds])
      // A worker that sends heartbeats now must not look as if it had been silent since.
      try await connection.query(
        "update \(queue.sql("heartbeat")) set at = at + \(step)", [duration.inSeconds])
    }
    try await settleDue()
  }

  /// Lets time pass until `date` by the manual clock; not at all where that is over.
  public func advance(to date: Date) async throws {
    try await advance(by: max(.zero, .seconds(date.timeIntervalSince(try await now()))))
  }

  /// The time by the queue's clock.
  public func now() async throws -> Date {
    try await pool.withConnection {
      try await $0.query("select clock_timestamp()")[0, 0].decode(Date.self)
    }
  }

  /// The leader's steps that wait for a time, each until it finds nothing more to do.
  private func settleDue() async throws {
    let steps = [
      "select \(queue.sql("settle_waits"))()",
      "select fired from \(queue.sql("fire_due_schedules"))()",
      "select promoted from \(queue.sql("promote_due"))()",
    ]
    for step in steps {
      while try await pool.query(step)[0, 0].decode(Int.self) > 0 {}
    }
  }
}

/// What goes by which clock.
public enum TestClock: Sendable, Hashable {
  /// The server's.
  case server
  /// One that `TestQueue.advance` sets forward.
  case manual
}

/// A mistake of a test.
public enum TestQueueError: Error, Sendable, Hashable, CustomStringConvertible {
  case noManualClock

  public var description: String {
    switch self {
    case .noManualClock:
      "expected a queue with a manual clock, got: the server's – use TestQueue.with(clock: .manual)"
    }
  }
}
