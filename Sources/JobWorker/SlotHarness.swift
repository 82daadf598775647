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

  /// - Parameter slots: jobs that run at a time.
  package init(_ registry: JobRegistry, slots: Int) {
    let shared = SlotShared(
      kinds: registry.runnable, transactions: ConnectionPool(ConnectionConfiguration(), size: 1),
      sql: QueueSQL(schema: "ong"), outbox: Outbox(), children: nil, stopGrace: .seconds(5),
      logger: Logger(label: "harness") { _ in SwiftLogNoOpLogHandler() }, epoch: UUID())
    self.shared = shared
    pool = SlotPool(queue: "harness", count: slots, shared: shared)
    shared.outbox.onNews { [weak self] in self?.hear() }
    pool.start()
  }

  /// Ends the slots.
  package func close() { pool.close() }

  /// Runs all jobs of a claim; one call at a time.
  ///
  /// - Parameter rows: of one claim, with the columns of `claimColumns` in their order.
  package func run(_ rows: QueryResult) async {
    let batch = ClaimedBatch(
      key: ClaimKey(lane: 2, seq: 1), queue: 0, rows: rows, range: 0..<rows.count, claimedAt: .now)
    await withCheckedContinuation { continuation in
      waiter.withLock { $0 = continuation }
      pool.offer([batch])
    }
  }

  /// The columns that a claim's answer has, in their order.
  package static var claimColumns: [(name: String, type: SQLType)] {
    [
      ("lane", .int4), ("seq", .int8), ("id", .int8), ("attempt", .int2), ("crashes", .int2),
      ("kind", .text), ("payload", .jsonb), ("enqueued_at", .timestamptz), ("meta", .jsonb),
    ]
  }

  private func hear() {
    guard shared.outbox.take().contains(where: { $0.unfinished == 0 }) else { return }
    waiter.withLock { waiter in
      defer { waiter = nil }
      return waiter
    }?.resume()
  }
}
