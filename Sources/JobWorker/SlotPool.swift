import Foundation
import JobQueue
import LibpqClient
import Logging
import Synchronization

/// The slots of one queue and the claimed jobs that they take from.
///
/// Slots are long-lived tasks. A batch wakes one idle slot; each slot that finds work wakes the
/// next before it starts, so exactly as many wake as there are threads that get round to it: two
/// for jobs that compute, hundreds for jobs that wait for a network. Jobs that return at once are left
/// to one slot, see `SoloSlot`.
final class SlotPool: Sendable {
  fileprivate struct State {
    var ready: [ClaimedBatch] = []
    var idle: [(slot: Int, continuation: CheckedContinuation<ClaimedBatch?, Never>)] = []
    var isClosed = false
  }

  let queue: String
  let slots: [Slot]
  let shared: SlotShared
  let gatherings = Gatherings()
  let solo = SoloSlot()
  /// Of a slot that begins.
  let firstPace: JobPace
  private let state = Mutex(State())

  init(queue: String, count: Int, shared: SlotShared, firstPace: JobPace = JobPace()) {
    self.firstPace = firstPace
    self.queue = queue
    self.shared = shared
    slots = (0..<count).map { Slot(number: $0) }
  }

  func start() {
    for slot in slots { slot.start(in: self) }
  }

  /// Hands batches to the slots.
  func offer(_ batches: [ClaimedBatch]) {
    let isPiledUp = state.withLock { state in
      state.ready.append(contentsOf: batches)
      return state.isPiledUp
    }
    if isPiledUp || !solo.isAtWork(at: .now) { wakeOne() }
  }

  /// The next batch with untaken jobs for a slot; suspends until there is one. Nil once the pool is closed.
  func next(for slot: Int) async -> ClaimedBatch? {
    let found = await withCheckedContinuation { continuation in
      let known: ClaimedBatch?? = state.withLock { state in
        if state.isClosed { return .some(nil) }
        if let batch = state.firstReady(), state.isPiledUp || solo.mayTake(slot, at: .now) {
          return .some(batch)
        }
        solo.leave(slot)
        state.idle.append((slot, continuation))
        return nil
      }
      if let known { continuation.resume(returning: known) }
    }
    solo.enter(slot)
    if found?.hasUntaken == true, !solo.isOn { wakeOne() }
    return found
  }

  /// A slot has run a job; its jobs take so long.
  func note(_ pace: JobPace) {
    if solo.isOn {
      if pace.isSlow { goOnTogether() }
    } else if pace.isQuick {
      solo.begin()
    }
  }

  /// Jobs wait for a slot that runs all of them, and it may be kept by one: `nudge` has to be called soon.
  var mayNeedNudge: Bool {
    solo.isOn && state.withLock { $0.firstReady() != nil && !$0.idle.isEmpty }
  }

  /// Wakes another slot where the one that runs all jobs is kept by one of them.
  func nudge(at now: Moment) {
    if solo.isOn, !solo.isAtWork(at: now), mayNeedNudge { goOnTogether() }
  }

  private func goOnTogether() {
    solo.end()
    wakeOne()
  }

  /// Batches that slots may take jobs from.
  var readyBatches: [ClaimedBatch] { state.withLock { $0.ready.filter(\.hasUntaken) } }

  /// No slot starts another job.
  func close() {
    let idle = state.withLock { state in
      state.isClosed = true
      state.ready = []
      defer { state.idle = [] }
      return state.idle
    }
    for (_, continuation) in idle { continuation.resume(returning: nil) }
  }

  /// Slots that run a job.
  var busy: Int { slots.count { $0.isBusy } }

  /// Slots whose job belongs to somebody else by now.
  var blocked: Int { slots.count { $0.runsLostJob } }

  private func wakeOne() {
    let woken = state.withLock { state in
      guard let batch = state.firstReady(), let idle = state.idle.popLast() else {
        return nil as (CheckedContinuation<ClaimedBatch?, Never>, ClaimedBatch)?
      }
      solo.appoint(idle.slot, at: .now)
      return (idle.continuation, batch)
    }
    if let (continuation, batch) = woken { continuation.resume(returning: batch) }
  }
}

/// Runs the slots' tasks where all jobs of normal priority run.
extension SlotPool: TaskExecutor {
  func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    shared.executors[.normal].queue.async { [self] in
      job.runSynchronously(on: asUnownedTaskExecutor())
      // The task has suspended: in a job, or for want of one.
      if solo.wasLeft() { wakeOne() }
    }
  }
}

extension SlotPool.State {
  /// So many claims lie here that the server has no more to send: one slot alone does not keep up with it.
  fileprivate var isPiledUp: Bool { ready.count >= ClaimPlan.mostClaims - 1 }

  fileprivate mutating func firstReady() -> ClaimedBatch? {
    let used = ready.prefix { !$0.hasUntaken }.count
    if used > 0 { ready.removeFirst(used) }
    return ready.first
  }
}

/// What the slots of all queues share.
final class SlotShared: Sendable {
  let kinds: [String: RegisteredKind]
  let executors = BandExecutors()
  let outbox: Outbox
  let counters = WorkerCounters()
  let leaks = LeakGauge()
  let progress = ProgressBoard()
  /// For `JobContext.transaction` and checkpoints; opens connections when they are needed.
  let transactions: ConnectionPool
  let sql: QueueSQL
  /// Where suspects run; nil: in this process, as any other job.
  let children: SuspectChildren?
  let stopGrace: Duration
  private let logger: Logger
  private let identity: Mutex<WorkerIdentity>
  private let decider = Mutex<(@Sendable (InDoubt) async -> CommitFate)?>(nil)

  init(
    kinds: [String: RegisteredKind], transactions: ConnectionPool, sql: QueueSQL, outbox: Outbox,
    children: SuspectChildren?, stopGrace: Duration, logger: Logger, epoch: UUID
  ) {
    self.children = children
    self.stopGrace = stopGrace
    self.kinds = kinds
    self.transactions = transactions
    self.sql = sql
    self.outbox = outbox
    self.logger = logger
    self.identity = Mutex(WorkerIdentity(epoch: epoch, session: 0))
  }

  /// The epoch and the session under which this worker settles now.
  var worker: WorkerIdentity { identity.withLock { $0 } }

  /// The worker goes on under a new epoch or on a new connection.
  func renew(_ epoch: UUID, session: Int32) {
    identity.withLock { $0 = WorkerIdentity(epoch: epoch, session: session) }
  }

  /// Who finds out what became of a commit whose answer was lost.
  func onDoubt(_ decide: @escaping @Sendable (InDoubt) async -> CommitFate) {
    decider.withLock { $0 = decide }
  }

  func decide(_ doubt: InDoubt) async -> CommitFate {
    guard let decide = decider.withLock({ $0 }) else { return .lost }
    return await decide(doubt)
  }

  func logger(queue: String, kind: String) -> Logger {
    var logger = logger
    logger[metadataKey: "queue"] = "\(queue)"
    logger[metadataKey: "kind"] = "\(kind)"
    logger[metadataKey: "epoch"] = "\(worker.epoch)"
    return logger
  }
}
