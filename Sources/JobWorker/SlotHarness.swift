import Foundation
import JobQueue
package import LibpqClient
import Logging
import Synchronization

/// A worker's slots without a server: jobs go in as the answer to a claim, and nothing is reported. For
/// measurements of what a job costs in the runtime alone.
package final class SlotHarness: Sendable {
  private let pool: SlotPool
  private let shared: SlotShared
  private let waiter = Mutex<CheckedContinuation<Void, Never>?>(nil)

  /// - Parameters:
  ///   - slots: jobs that run at a time.
  ///   - isQuick: all jobs count as such that return at once.
  package init(_ registry: JobRegistry, slots: Int, isQuick: Bool = false) {
    let shared = SlotShared(
      kinds: registry.runnable, transactions: ConnectionPool(ConnectionConfiguration(), size: 1),
      sql: QueueSQL(schema: "ong"), outbox: Outbox(), children: nil, stopGrace: .seconds(5),
      logger: Logger(label: "harness") { _ in SwiftLogNoOpLogHandler() }, epoch: UUID())
    self.shared = shared
    pool = SlotPool(
      queue: "harness", count: slots, shared: shared,
      firstPace: isQuick ? .alwaysQuick : JobPace())
    shared.outbox.onNews { [weak self] in self?.hear() }
    pool.start()
  }

  /// One slot runs the jobs, because they return at once.
  package var isSolo: Bool { pool.solo.isOn }

  /// Looks after the slots as if a second had passed.
  package func nudge() { pool.nudge(at: .now + .seconds(1)) }

  /// Ends the slots.
  package func close() { pool.close() }

  /// Runs all jobs of a claim; one call at a time.
  ///
  /// - Parameter rows: one claim, as `answer` makes it.
  package func run(_ rows: QueryResult) async {
    await withCheckedContinuation { continuation in
      waiter.withLock { $0 = continuation }
      offer(rows)
    }
  }

  /// Hands claims to the slots and does not wait for them.
  package func offer(_ rows: QueryResult) {
    pool.offer(
      ClaimAnswer(rows).claims.map { claim in
        ClaimedBatch(key: claim.key, queue: 0, rows: rows, range: claim.range, claimedAt: .now)
      })
  }

  /// A claim's answer as the server sends it: lane 2, numbers from 1 on, and so the jobs' ids.
  ///
  /// - Parameters:
  ///   - jobs: of each claim.
  ///   - claims: how many.
  package static func answer(
    jobs: Int, kind: String, json: String, claims: Int = 1
  ) -> QueryResult {
    func bytes(_ value: some FixedWidthInteger) -> [UInt8] {
      Swift.withUnsafeBytes(of: value.bigEndian) { Array($0) }
    }
    let columns: [(name: String, type: SQLType)] = [
      ("lane", .int4), ("id", .int8), ("attempt", .int2), ("crashes", .int2), ("kind", .text),
      ("payload", .json), ("enqueued_at", .timestamptz), ("meta", .jsonb),
    ]
    let enqueuedAt = bytes(Int64(800_000_000_000_000))
    var rows: [[[UInt8]?]] = []
    for claim in 1...claims {
      for place in 1...jobs {
        let id = bytes(Int64((claim - 1) * jobs + place))
        rows.append([nil, id, nil, nil, Array(kind.utf8), Array(json.utf8), enqueuedAt, nil])
      }
      rows.append([bytes(Int32(2)), bytes(Int64(claim)), nil, nil, nil, nil, nil, nil])
    }
    return .synthetic(columns: columns, rows: rows)
  }

  private func hear() {
    guard shared.outbox.take().contains(where: { $0.unfinished == 0 }) else { return }
    waiter.withLock { waiter in
      defer { waiter = nil }
      return waiter
    }?.resume()
  }
}
