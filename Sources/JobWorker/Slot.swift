import Foundation
import JobQueue
import LibpqClient
import Logging
import Synchronization

/// One place of a queue where jobs run, one after the other, in one long-lived task.
///
/// To stop one job its slot's task is cancelled. A task that was cancelled never runs another job:
/// the slot goes on in a new one.
final class Slot: Sendable {
  let number: Int
  private let queue: String
  /// 0: idle. An id: that job runs. A negative id: that job was asked to end.
  private let current = Atomic<Int64>(0)
  /// When the current job times out.
  private let deadline = Atomic<Int64>(.max)
  private let reason = Atomic<UInt8>(StopReason.none.rawValue)
  private let task = Mutex<Task<Void, Never>?>(nil)

  init(number: Int, queue: String) {
    self.number = number
    self.queue = queue
  }

  var isBusy: Bool { current.load(ordering: .relaxed) != 0 }

  /// It was told that its job is lost and has not ended it yet.
  var runsLostJob: Bool {
    current.load(ordering: .acquiring) < 0
      && reason.load(ordering: .relaxed) == StopReason.lost.rawValue
  }

  func start(in pool: SlotPool) {
    let loop = SlotLoop(slot: self, pool: pool)
    task.withLock {
      $0 = Task(executorPreference: pool.shared.executors[.normal]) { await loop.run() }
    }
  }

  // Called by the loop.

  func begin(_ id: Int64, deadline moment: Int64) {
    deadline.store(moment, ordering: .relaxed)
    current.store(id, ordering: .sequentiallyConsistent)
  }

  /// Why the job was asked to end, if it was.
  func end() -> StopReason {
    guard current.exchange(0, ordering: .sequentiallyConsistent) < 0 else { return .none }
    return StopReason(rawValue: reason.load(ordering: .acquiring)) ?? .none
  }

  func isStopped(_ id: Int64) -> Bool { current.load(ordering: .acquiring) == -id }

  // Called by the engine, on its queue only.

  /// Asks the job to end, if this slot still runs it.
  @discardableResult
  func stop(_ id: Int64, _ why: StopReason) -> Bool {
    // The handle is read first: the one that the slot has after the exchange may be the next.
    let handle = task.withLock { $0 }
    reason.store(why.rawValue, ordering: .releasing)
    guard
      current.compareExchange(
        expected: id, desired: -id, ordering: .sequentiallyConsistent
      ).exchanged
    else { return false }
    handle?.cancel()
    return true
  }

  /// Asks what runs to end, if it is a job that `isMeant` names.
  func stopCurrent(_ why: StopReason, where isMeant: (Int64) -> Bool = { _ in true }) {
    let id = current.load(ordering: .acquiring)
    if id > 0, isMeant(id) { stop(id, why) }
  }

  func stopOverdue(at now: Moment) {
    let id = current.load(ordering: .acquiring)
    // The deadline read belongs to this job if the job is still there when `stop` exchanges it.
    guard id > 0, deadline.load(ordering: .relaxed) <= now.nanoseconds else { return }
    stop(id, .timeout)
  }
}

/// The life of a slot's task. It has its own copies of what it needs for each job, so that the
/// common job takes no lock.
private struct SlotLoop: Sendable {
  let slot: Slot
  let pool: SlotPool

  /// How long jobs that never suspend may keep a thread from others.
  private static let fairShare: Int64 = 1_000_000

  func run() async {
    var memory = KindMemory(slot: slot, pool: pool)
    var yielded = Moment.now.nanoseconds
    while let batch = await pool.next() {
      while let place = batch.take() {
        let now = Moment.now.nanoseconds
        if now - yielded > Self.fairShare {
          await Task.yield()
          yielded = now
        }
        let wasStopped = await run(place, of: batch, at: now, &memory)
        if wasStopped { return slot.start(in: pool) }
      }
    }
  }

  /// True when the job was asked to end, so that this task is spent.
  private func run(
    _ place: Int, of batch: ClaimedBatch, at now: Int64, _ memory: inout KindMemory
  ) async -> Bool {
    let row = batch.firstRow + place
    guard let known = memory.kind(of: batch, row: row) else {
      report(.park(kind: memory.name(of: batch, row: row)), place, batch)
      return false
    }
    let kind = known.kind
    let id = batch.id(place)
    let meta = JobMeta(PayloadBytes(rows: batch.rows, row: row, column: ClaimColumn.meta))
    if let meta, meta.isExpired {
      report(.expired, place, batch)
      return false
    }
    let context = JobContext(
      id: id, attempt: Int(batch.rows.integer(row: row, column: ClaimColumn.attempt) ?? 1),
      crashes: Int(batch.rows.integer(row: row, column: ClaimColumn.crashes) ?? 0),
      enqueuedAt: Timestamp.date(
        from: batch.rows.integer(row: row, column: ClaimColumn.enqueuedAt) ?? 0),
      run: known.run, meta: meta)
    let payload = PayloadBytes(rows: batch.rows, row: row, column: ClaimColumn.payload)
    slot.begin(id, deadline: kind.timeout == .max ? .max : now &+ kind.timeout)
    do {
      let result = try await call(kind, payload, context, batch.priority, &memory)
      let stop = slot.end()
      report(result.map(JobOutcome.succeed), place, batch)
      return stop != .none
    } catch {
      let stop = slot.end()
      let failure = Failure(
        error: error, attempt: context.attempt, options: kind.options, stop: stop)
      var generator = SystemRandomNumberGenerator()
      let outcome = failure.outcome(using: &generator)
      log(outcome, context)
      report(outcome, place, batch)
      return stop != .none
    }
  }

  private func call(
    _ kind: RegisteredKind, _ payload: PayloadBytes, _ context: JobContext,
    _ priority: JobPriority, _ memory: inout KindMemory
  ) async throws -> String? {
    switch (kind.execution, priority) {
    case (.async, .normal): return try await kind.run(payload, context)
    case (.async, _):
      return try await withTaskExecutorPreference(pool.shared.executors[priority]) {
        try await kind.run(payload, context)
      }
    case (.blocking, _):
      return try await withTaskExecutorPreference(memory.thread(priority)) {
        try await kind.run(payload, context)
      }
    }
  }

  private func report(_ outcome: JobOutcome?, _ place: Int, _ batch: ClaimedBatch) {
    switch batch.finish(place, outcome) {
    case .noted: break
    case .news, .last: pool.shared.outbox.post(batch)
    case .dropped: return pool.shared.outbox.post(batch)
    }
    pool.shared.counters.count(outcome?.kind)
  }

  private func log(_ outcome: JobOutcome, _ context: JobContext) {
    let level: Logger.Level = outcome.kind == .dead ? .error : .warning
    context.logger.log(
      level: level, "job failed",
      metadata: [
        "outcome": "\(outcome.kind.rawValue)", "error": "\(outcome.error ?? "")",
        "delay": "\(outcome.delay.map { "\($0)" } ?? "")",
      ])
  }
}

/// What a slot remembers between jobs: the kinds it has met and its own threads.
private struct KindMemory {
  struct Known {
    let kind: RegisteredKind
    let run: JobRun
  }

  private let slot: Slot
  private let pool: SlotPool
  private var last: Known?
  private var known: [String: Known] = [:]
  private var threads: [JobPriority: DispatchTaskExecutor] = [:]

  init(slot: Slot, pool: SlotPool) {
    self.slot = slot
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

  private func isSame(_ kind: RegisteredKind, _ batch: ClaimedBatch, _ row: Int) -> Bool {
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
      isCancelled: { [slot] id in slot.isStopped(id) })
  }
}
