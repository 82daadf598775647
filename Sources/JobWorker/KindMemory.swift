import Foundation
import JobQueue
import LibpqClient

/// What a slot remembers between jobs: the kinds it has met and its own threads.
struct KindMemory {
  struct Known {
    let kind: RegisteredKind
    let run: JobRun
  }

  private let slot: Slot
  private let seat: Seat
  private let pool: SlotPool
  private var last: Known?
  private var known: [String: Known] = [:]
  private var threads: [JobPriority: DispatchTaskExecutor] = [:]

  init(slot: Slot, seat: Seat, pool: SlotPool) {
    self.slot = slot
    self.seat = seat
    self.pool = pool
  }

  /// Nil: no handler here knows the kind.
  mutating func kind(of batch: ClaimedBatch, row: Int) -> Known? {
    if let last, isSame(last.kind, batch, row) { return last }
    let name = name(of: batch, row: row)
    if let found = known[name] {
      last = found
      return found
    }
    guard let kind = pool.shared.kinds[name] else { return nil }
    let found = Known(kind: kind, run: jobRun(kind))
    known[name] = found
    last = found
    return found
  }

  func name(of batch: ClaimedBatch, row: Int) -> String {
    batch.rows.withUnsafeBytes(row: row, column: ClaimColumn.kind) { bytes in
      String(decoding: bytes ?? UnsafeRawBufferPointer(start: nil, count: 0), as: UTF8.self)
    }
  }

  mutating func thread(_ priority: JobPriority) -> DispatchTaskExecutor {
    if let thread = threads[priority] { return thread }
    let label = "ong.blocking.\(pool.queue).\(slot.number).\(priority)"
    let thread = DispatchTaskExecutor.blocking(label: label, priority: priority)
    threads[priority] = thread
    return thread
  }

  func isSame(_ kind: RegisteredKind, _ batch: ClaimedBatch, _ row: Int) -> Bool {
    batch.rows.withUnsafeBytes(row: row, column: ClaimColumn.kind) { bytes in
      guard let bytes, bytes.count == kind.nameBytes.count else { return false }
      return kind.nameBytes.withUnsafeBytes { name in
        guard let ours = name.baseAddress, let theirs = bytes.baseAddress else { return true }
        return memcmp(ours, theirs, bytes.count) == 0
      }
    }
  }

  private func jobRun(_ kind: RegisteredKind) -> JobRun {
    JobRun(
      kind: kind.name, queue: pool.queue, maxAttempts: kind.options.maxAttempts,
      logger: { [pool] in pool.shared.logger(queue: pool.queue, kind: kind.name) },
      isCancelled: { [seat] id in seat.isStopped(id) })
  }
}
