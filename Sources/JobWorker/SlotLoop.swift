import Foundation
import JobQueue
import LibpqClient
import Logging

/// The life of a slot's task. It has its own copies of what it needs for each job, so that the
/// common job takes no lock.
struct SlotLoop: Sendable {
  let slot: Slot
  let seat: Seat
  let pool: SlotPool

  /// How long jobs that never suspend may keep a thread from others.
  private static let fairShare: Int64 = 1_000_000

  func run() async {
    var memory = KindMemory(slot: slot, seat: seat, pool: pool)
    var pace = pool.firstPace
    var yielded = Moment.now.nanoseconds
    while let batch = await pool.next(for: slot.number) {
      var begun: Int64?
      while let place = batch.take() {
        let now = Moment.now.nanoseconds
        if let begun {
          pace.note(nanoseconds: now - begun)
          pool.note(pace)
        }
        begun = now
        pool.solo.sign(slot.number, at: now)
        if now - yielded > Self.fairShare {
          await yield()
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

  private func yield() async {
    pool.solo.pause(slot.number)
    await Task.yield()
    pool.solo.enter(slot.number)
  }

  enum Ending {
    case goesOn
    /// The job was asked to end: this task is cancelled.
    case spent
    /// The slot has gone on without this task.
    case abandoned
  }

  // nonisolated(nonsending) here and below: a call goes on where its caller runs. Else each would ask
  // anew which executor the task prefers, which costs as much as reading a small payload's text.
  nonisolated(nonsending) private func run(
    _ place: Int, of batch: ClaimedBatch, at now: Int64, _ memory: inout KindMemory
  ) async -> Ending {
    let row = batch.firstRow + place
    guard let known = memory.kind(of: batch, row: row) else {
      report(.park(kind: memory.name(of: batch, row: row)), place, batch)
      return .goesOn
    }
    let kind = known.kind
    let id = batch.id(place)
    guard let context = context(known, place, of: batch) else {
      report(.expired, place, batch)
      return .goesOn
    }
    if context.crashes > 0, let children = pool.shared.children {
      return await runAlone(kind, context, place, of: batch, in: children)
    }
    if let handling = kind.batch {
      return await gather(known, handling, (batch, place), &memory)
    }
    let payload = PayloadBytes(rows: batch.rows, row: row, column: ClaimColumn.payload)
    seat.begin(id, deadline: kind.timeout == .max ? .max : now &+ kind.timeout)
    do {
      let result = try await call(kind, payload, context, batch.priority, &memory)
      guard let stop = seat.end() else { return endLate(nil, place, batch) }
      report(result.map(JobOutcome.succeed), place, batch)
      return stop == .none ? .goesOn : .spent
    } catch {
      return fail(error, kind, context, place, of: batch)
    }
  }

  /// Nil: the job has expired.
  func context(_ known: KindMemory.Known, _ place: Int, of batch: ClaimedBatch) -> JobContext? {
    let row = batch.firstRow + place
    let meta = JobMeta(PayloadBytes(rows: batch.rows, row: row, column: ClaimColumn.meta))
    if let meta, meta.isExpired { return nil }
    return JobContext(
      id: batch.id(place), attempt: batch.attempt(row), crashes: batch.crashes(row),
      enqueuedAt: Timestamp.date(
        from: batch.rows.integer(row: row, column: ClaimColumn.enqueuedAt) ?? 0),
      run: known.run, meta: meta, services: Attempt(batch: batch, place: place, pool: pool))
  }

  func fail(
    _ error: any Error, _ kind: RegisteredKind, _ context: JobContext, _ place: Int,
    of batch: ClaimedBatch
  ) -> Ending {
    let stop = seat.end()
    let outcome = outcome(of: error, kind, context, stop ?? .timeout)
    guard let stop else { return endLate(outcome, place, batch) }
    tell(outcome, error, context, place, of: batch)
    return stop == .none ? .goesOn : .spent
  }

  func outcome(
    of error: any Error, _ kind: RegisteredKind, _ context: JobContext, _ stop: StopReason
  ) -> JobOutcome {
    let failure = Failure(
      error: error, attempt: context.attempt, options: kind.options, stop: stop)
    var generator = SystemRandomNumberGenerator()
    return failure.outcome(using: &generator)
  }

  /// Logs and reports an attempt that did not succeed.
  func tell(
    _ outcome: JobOutcome, _ error: any Error, _ context: JobContext, _ place: Int,
    of batch: ClaimedBatch
  ) {
    if batch.isReported(place) {
      context.logger.warning(
        "failed after its transaction had settled it", metadata: ["error": "\(error)"])
    } else {
      log(outcome, context)
    }
    report(outcome, place, batch)
  }

  /// The handler of a job that was given up has ended after all. Its job was reported then, unless
  /// its own transaction was just being committed and failed.
  func endLate(_ outcome: JobOutcome?, _ place: Int, _ batch: ClaimedBatch) -> Ending {
    pool.shared.leaks.ended()
    if !batch.isReported(place) { report(outcome, place, batch) }
    return .abandoned
  }

  nonisolated(nonsending) private func call(
    _ kind: RegisteredKind, _ payload: PayloadBytes, _ context: JobContext,
    _ priority: JobPriority, _ memory: inout KindMemory
  ) async throws -> String? {
    guard let executor = executor(kind, priority, &memory) else {
      return try await kind.run(payload, context)
    }
    return try await withTaskExecutorPreference(executor) { try await kind.run(payload, context) }
  }

  /// Where the kind's handler runs; nil: where the slot's task runs.
  func executor(
    _ kind: RegisteredKind, _ priority: JobPriority, _ memory: inout KindMemory
  ) -> DispatchTaskExecutor? {
    switch (kind.execution, priority) {
    case (.async, .normal): nil
    case (.async, _): pool.shared.executors[priority]
    case (.blocking, _): memory.thread(priority)
    }
  }

  func report(_ outcome: JobOutcome?, _ place: Int, _ batch: ClaimedBatch) {
    switch batch.finish(place, outcome) {
    case .noted: break
    case .news, .last: pool.shared.outbox.post(batch)
    case .dropped: return pool.shared.outbox.post(batch)
    }
    pool.shared.counters.count(outcome?.kind)
  }

  func log(_ outcome: JobOutcome, _ context: JobContext) {
    let level: Logger.Level = outcome.kind == .dead || outcome.kind == .crash ? .error : .warning
    context.logger.log(
      level: level, "job failed",
      metadata: [
        "outcome": "\(outcome.kind.rawValue)", "error": "\(outcome.error ?? "")",
        "delay": "\(outcome.delay.map { "\($0)" } ?? "")",
      ])
  }
}
