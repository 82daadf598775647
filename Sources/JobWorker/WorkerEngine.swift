import Dispatch
import Foundation
import JobQueue
import LibpqClient
import Logging
import Synchronization

/// The worker's heart: on one serial queue it claims, hands jobs to the slots, reports results, and
/// keeps the claiming connection. What to do when is decided by pure values; see `pump()`.
actor WorkerEngine {
  /// A claim that is not closed.
  struct Open {
    let batch: ClaimedBatch
    /// Unfinished jobs when the engine last looked.
    var left: Int
  }

  enum Link {
    case down
    case up(Connection)
  }

  nonisolated let executor = QueueExecutor(label: "ong.worker")
  nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

  let database: ConnectionConfiguration
  let settings: WorkerConfiguration
  let sql: QueueSQL
  let logger: Logger
  let shared: SlotShared
  nonisolated let pools: [SlotPool]
  let schedules: [Schedule]
  let cipher: (any PayloadCipher)?
  /// What this worker learns and the maintenance has to know.
  let tellMaintainer: @Sendable (MaintenanceNews) -> Void

  var epoch: UUID
  /// The number of the claiming connection; 0 before the epoch is registered.
  var session: Int32 = 0
  var link = Link.down
  /// Where sleepers' locks are held and notifications arrive.
  var listener: Connection?
  var served: ServedQueues
  var open: [ClaimKey: Open] = [:]
  var buffer: ResultBuffer
  var shutdown = ShutdownState()
  var roundsUnderWay = 0
  /// The claiming connection that was lost; what it still had under way is over once it is closed.
  var lostLink: Connection?
  /// Claimed and not given to the slots yet.
  var arrivals: [(queue: Int, batches: [ClaimedBatch])] = []
  /// Sent, and lost with the connection before the answer came.
  var unsure: [Settlement] = []
  /// Queues whose sleep is to begin or to end.
  var sleepChanges = SleepChanges()
  private var isPumpQueued = false
  var nextHeartbeat = Moment.now
  var nextPatrol = Moment.never
  var hasLostJobs = false
  /// Commits whose answers were lost, until the server has said what is still open.
  var doubts: [(doubt: InDoubt, waiter: CheckedContinuation<CommitFate, Never>)] = []
  /// Why the worker ends by itself.
  var failure: WorkerLeaked?
  var linkLoss: CheckedContinuation<Void, Never>?
  var waiters = EngineWaiters()
  private var timer: (any DispatchSourceTimer)?
  private let patrolInterval: Duration

  init(
    database: ConnectionConfiguration, registry: JobRegistry, settings: WorkerConfiguration,
    logger: Logger, tellMaintainer: @escaping @Sendable (MaintenanceNews) -> Void
  ) {
    let epoch = UUID()
    self.database = database
    self.settings = settings
    self.logger = logger
    self.epoch = epoch
    sql = QueueSQL(schema: settings.schema)
    var forHandlers = database
    forHandlers.applicationName = "ong worker transaction"
    shared = SlotShared(
      kinds: registry.runnable,
      transactions: ConnectionPool(
        forHandlers, size: settings.transactionConnections, logger: logger),
      sql: sql, outbox: Outbox(),
      children: settings.isolatesSuspects
        ? Worker.isolation.withLock { $0 }.map { SuspectChildren(arguments: $0, logger: logger) }
        : nil,
      stopGrace: settings.stopGrace, logger: logger, epoch: epoch)
    buffer = ResultBuffer(flushAge: settings.flushAge, flushSize: settings.flushSize)
    let pools = settings.queues.sorted { $0.key < $1.key }.map { [shared] name, slots in
      SlotPool(queue: name, count: slots, shared: shared)
    }
    self.pools = pools
    self.tellMaintainer = tellMaintainer
    schedules = registry.schedules
    cipher = registry.cipher
    let ladder = WakeLadder(trustingStep: WakeLadder.trustingStep(queues: pools.count))
    served = ServedQueues(
      pools.map { pool in
        let plan = ClaimPlan(
          slots: pool.slots.count, jobsPerSlot: registry.jobsPerCall(in: pool.queue),
          largestClaim: settings.largestClaim, window: settings.claimWindow)
        return ServedQueues.Served(name: pool.queue, plan: plan, ladder: ladder)
      })
    let shortest = registry.kinds.values.compactMap(\.options.timeout).min() ?? .seconds(10)
    let soonest = min(shortest, settings.stopGrace)
    patrolInterval = min(.seconds(1), max(.milliseconds(20), soonest / 10))
  }

  /// Starts the slots and the clock.
  func start() {
    shared.outbox.onNews { [weak self] in self?.pumpSoon() }
    shared.progress.onNews { [weak self] in self?.pumpSoon() }
    shared.onDoubt { [weak self] doubt in await self?.decide(doubt) ?? .lost }
    let timer = DispatchSource.makeTimerSource(queue: executor.queue)
    timer.setEventHandler { [weak self] in self?.assumeIsolated { $0.pump() } }
    timer.activate()
    self.timer = timer
    for pool in pools { pool.start() }
  }

  func stopClock() {
    timer?.cancel()
    timer = nil
  }

  /// From any thread.
  nonisolated func pumpSoon() {
    executor.queue.async { self.assumeIsolated { $0.pump() } }
  }

  /// The same after the news that lie here already, for news of which thousands may come at once.
  func pumpOnce() {
    guard !isPumpQueued else { return }
    isPumpQueued = true
    executor.queue.async {
      self.assumeIsolated {
        $0.isPumpQueued = false
        $0.pump()
      }
    }
  }

  /// Looks at everything once and does what is due. Called for every piece of news and by the clock.
  func pump() {
    guard !shutdown.isOver else { return }
    let now = Moment.now
    absorbNews(at: now)
    patrol(at: now)
    advanceShutdown(at: now)
    sendRound(at: now)
    offerArrivals()
    sendSleepChanges()
    for entry in open.values { pools[entry.batch.queue].nudge(at: now) }
    if isIdle { waiters.resumeIdle() }
    arm(at: now)
  }

  /// Nothing claimed, nothing to report, nothing under way.
  var isIdle: Bool {
    open.isEmpty && buffer.isEmpty && unsure.isEmpty && roundsUnderWay == 0
  }

  /// Slots that run a job now.
  nonisolated var busy: Int { pools.reduce(0) { $0 + $1.busy } }

  /// A settlement has put a job off.
  func deferred(for delay: Duration) {
    if delay < MaintenanceSchedule.lookInterval { tellMaintainer(.jobDue(in: delay)) }
  }

  private func absorbNews(at now: Moment) {
    for batch in shared.outbox.take() {
      guard let entry = open[batch.key], entry.batch === batch else { continue }
      note(batch, at: now)
    }
    guard hasLostJobs else { return }
    hasLostJobs = false
    for index in served.indices {
      let blocked = pools[index].blocked
      served.update(index) { $0.plan.blocked = blocked }
      if blocked > 0 { hasLostJobs = true }
    }
  }

  /// Counts what has finished of a claim and has it reported soon.
  func note(_ batch: ClaimedBatch, at now: Moment) {
    guard let entry = open[batch.key] else { return }
    let left = batch.unfinished
    let finished = entry.left - left
    open[batch.key]?.left = left
    if finished > 0 { served.update(batch.queue) { $0.plan.finished(finished, at: now) } }
    buffer.note(batch.key, results: finished, isDone: left == 0, at: now)
  }

  /// Ends attempts that are overdue and hands back what has waited for a slot for too long.
  private func patrol(at now: Moment) {
    guard nextPatrol <= now else { return }
    for pool in pools {
      for slot in pool.slots { slot.stopOverdue(at: now) }
    }
    giveUpOverstaying(at: now)
    let patience = max(.seconds(1), settings.claimWindow * 10)
    for entry in open.values where now - entry.batch.claimedAt > patience {
      let outcome = JobOutcome.handBack("waited here for a free slot for longer than \(patience)")
      guard entry.batch.finishUntaken(outcome) > 0 else { continue }
      served.update(entry.batch.queue) { $0.plan.overestimated() }
      note(entry.batch, at: now)
    }
    nextPatrol = open.isEmpty ? .never : now + patrolInterval
  }

  /// Work has come in: keep an eye on it.
  func beginPatrol(at now: Moment) {
    nextPatrol = min(nextPatrol, now + patrolInterval)
  }

  /// Sets the clock to the next moment at which something is due.
  private func arm(at now: Moment) {
    var moments = [nextPatrol]
    if open.values.contains(where: { pools[$0.batch.queue].mayNeedNudge }) {
      moments.append(now + .milliseconds(1))
    }
    if let deadline = shutdown.deadline { moments.append(deadline) }
    if case .up = link, roundsUnderWay == 0 {
      moments.append(nextHeartbeat)
      if let due = shared.progress.due { moments.append(due) }
      if let due = buffer.due { moments.append(due) }
      if shutdown.mayClaim { moments.append(served.earliest()) }
    }
    guard let next = moments.min(), next != .never else {
      timer?.schedule(deadline: .distantFuture)
      return
    }
    let wait = max(0, next.nanoseconds - now.nanoseconds)
    timer?.schedule(
      deadline: .now() + .nanoseconds(Int(wait)),
      leeway: .nanoseconds(Int(min(wait / 10, 50_000_000))))
  }
}

/// Those who wait for the engine.
struct EngineWaiters {
  private var idle: [CheckedContinuation<Void, Never>] = []
  private var stopped: [CheckedContinuation<Void, Never>] = []

  mutating func addIdle(_ waiter: CheckedContinuation<Void, Never>) { idle.append(waiter) }
  mutating func addStopped(_ waiter: CheckedContinuation<Void, Never>) { stopped.append(waiter) }

  mutating func resumeIdle() {
    for waiter in idle { waiter.resume() }
    idle = []
  }

  mutating func resumeAll() {
    resumeIdle()
    for waiter in stopped { waiter.resume() }
    stopped = []
  }
}
