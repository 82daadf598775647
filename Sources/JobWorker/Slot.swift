import Foundation
import JobQueue
import LibpqClient
import Logging
import Synchronization

/// One place of a queue where jobs run, one after the other, in one long-lived task.
///
/// To stop one job its slot's task is cancelled. A task that was cancelled never runs another job:
/// the slot goes on in a new one, with a new seat.
final class Slot: Sendable {
  let number: Int
  private let seat = Mutex(Seat())

  init(number: Int) { self.number = number }

  private var now: Seat { seat.withLock { $0 } }

  var isBusy: Bool { now.isBusy }

  /// It was told that its job is lost and has not ended it yet.
  var runsLostJob: Bool { now.runsLostJob }

  func start(in pool: SlotPool) {
    let new = Seat()
    seat.withLock { $0 = new }
    let loop = SlotLoop(slot: self, seat: new, pool: pool)
    new.task.withLock {
      $0 = Task(executorPreference: pool.shared.executors[.normal]) { await loop.run() }
    }
  }

  // Called by the engine, on its queue only.

  /// Asks the job to end, if this slot still runs it.
  @discardableResult
  func stop(_ id: Int64, _ why: StopReason) -> Bool { now.stop(id, why, at: .now) }

  /// Asks what runs to end, if it is a job that `isMeant` names.
  func stopCurrent(_ why: StopReason, where isMeant: (Int64) -> Bool = { _ in true }) {
    let seat = now
    if let id = seat.runningID, isMeant(id) { _ = seat.stop(id, why, at: .now) }
  }

  func stopOverdue(at moment: Moment) {
    let seat = now
    guard let id = seat.runningID, seat.isOverdue(at: moment) else { return }
    _ = seat.stop(id, .timeout, at: moment)
  }

  /// A job that should have ended and has not for longer than `grace`.
  func overstaying(_ grace: Duration, at moment: Moment) -> (id: Int64, why: StopReason)? {
    now.overstaying(grace, at: moment)
  }

  /// Goes on in a new task, however long the old one still takes; false if it has just ended.
  func abandon(_ id: Int64, in pool: SlotPool) -> Bool {
    guard now.abandon(id) else { return false }
    start(in: pool)
    return true
  }
}

/// The life of a slot's task. It has its own copies of what it needs for each job, so that the
/// common job takes no lock.
private struct SlotLoop: Sendable {
  let slot: Slot
  let seat: Seat
  let pool: SlotPool

  /// How long jobs that never suspend may keep a thread from others.
  private static let fairShare: Int64 = 1_000_000

  func run() async {
    var memory = KindMemory(slot: slot, seat: seat, pool: pool)
    var yielded = Moment.now.nanoseconds
    while let batch = await pool.next() {
      while let place = batch.take() {
        let now = Moment.now.nanoseconds
        if now - yielded > Self.fairShare {
          await Task.yield()
          yielded = now
        }
        switch await run(place, of: batch, at: now, &memory) {
        case .goesOn: break
        case .spent: return slot.start(in: pool)
        case .abandoned: return
        }
      }
    }
  }

  private enum Ending {
    case goesOn
    /// The job was asked to end: this task is cancelled.
    case spent
    /// The slot has gone on without this task.
    case abandoned
  }

  private func run(
    _ place: Int, of batch: ClaimedBatch, at now: Int64, _ memory: inout KindMemory
  ) async -> Ending {
    let row = batch.firstRow + place
    guard let known = memory.kind(of: batch, row: row) else {
      report(.park(kind: memory.name(of: batch, row: row)), place, batch)
      return .goesOn
    }
    let kind = known.kind
    let id = batch.id(place)
    let meta = JobMeta(PayloadBytes(rows: batch.rows, row: row, column: ClaimColumn.meta))
    if let meta, meta.isExpired {
      report(.expired, place, batch)
      return .goesOn
    }
    let context = JobContext(
      id: id, attempt: batch.attempt(row), crashes: batch.crashes(row),
      enqueuedAt: Timestamp.date(
        from: batch.rows.integer(row: row, column: ClaimColumn.enqueuedAt) ?? 0),
      run: known.run, meta: meta, services: Attempt(batch: batch, place: place, pool: pool))
    let payload = PayloadBytes(rows: batch.rows, row: row, column: ClaimColumn.payload)
    seat.begin(id, deadline: kind.timeout == .max ? .max : now &+ kind.timeout)
    do {
      let result = try await call(kind, payload, context, batch.priority, &memory)
      guard let stop = seat.end() else { return endLate(nil, place, batch) }
      report(result.map(JobOutcome.succeed), place, batch)
      return stop == .none ? .goesOn : .spent
    } catch {
      let stop = seat.end()
      let failure = Failure(
        error: error, attempt: context.attempt, options: kind.options, stop: stop ?? .timeout)
      var generator = SystemRandomNumberGenerator()
      let outcome = failure.outcome(using: &generator)
      guard let stop else { return endLate(outcome, place, batch) }
      if batch.isReported(place) {
        context.logger.warning(
          "failed after its transaction had settled it", metadata: ["error": "\(error)"])
      } else {
        log(outcome, context)
      }
      report(outcome, place, batch)
      return stop == .none ? .goesOn : .spent
    }
  }

  /// The handler of a job that was given up has ended after all. Its job was reported then, unless
  /// its own transaction was just being committed and failed.
  private func endLate(_ outcome: JobOutcome?, _ place: Int, _ batch: ClaimedBatch) -> Ending {
    pool.shared.leaks.ended()
    if !batch.isReported(place) { report(outcome, place, batch) }
    return .abandoned
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
      isCancelled: { [seat] id in seat.isStopped(id) })
  }
}
