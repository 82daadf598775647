/// What the leader does when.
struct MaintenanceSchedule: Sendable {
  enum Step: CaseIterable, Sendable {
    /// Asks the server which of the others are due.
    case look
    case rescueLost, promoteDue, fireSchedules, settleWaits, rotate, summarize, unpark, prune
  }

  /// What a look showed; times until something is due, nil: nothing waits.
  struct Findings: Sendable, Equatable {
    var isWorkerLost = false
    var nextDue: Duration?
    var nextTick: Duration?
    var nextWait: Duration?
    var isRotationDue = false
    var isSummaryDue = false
    var areKindsParked = false
  }

  /// The time between two looks. A job that becomes due before is told, see tell_due_soon in SQL.
  static let lookInterval = Duration.milliseconds(1500)
  private static let pruneInterval = Duration.seconds(60)

  /// However many ask for a look, the next one comes this much after the last.
  private static let breath = Duration.milliseconds(2)

  private var due: [Step: Moment]
  private var looked: [Step: Moment] = [:]
  private let ledSince: Moment

  /// Everything is due when somebody begins to lead.
  init(at now: Moment) {
    ledSince = now
    due = Dictionary(uniqueKeysWithValues: Step.allCases.map { ($0, now) })
  }

  /// How old a connected worker's heartbeat may be before it is declared dead. After an outage all
  /// heartbeats are old: a new leader gives everybody time to send one.
  func staleness(at now: Moment) -> Duration {
    now - ledSince < .seconds(15) ? .seconds(3600) : .seconds(15)
  }

  var next: Moment { due.values.min() ?? .never }

  func isDue(_ step: Step, at now: Moment) -> Bool { due[step, default: .never] <= now }

  /// A step was done and is due again when a look says so; looking and pruning by the clock.
  mutating func did(_ step: Step, at now: Moment) {
    due[step] =
      switch step {
      case .look: now + Self.lookInterval
      case .prune: now + Self.pruneInterval
      case .rescueLost, .promoteDue, .fireSchedules, .settleWaits, .rotate, .summarize, .unpark:
        .never
      }
  }

  mutating func saw(_ findings: Findings, at now: Moment) {
    if findings.isWorkerLost { expect(.rescueLost, dueAt: now) }
    if findings.isRotationDue { expect(.rotate, dueAt: now) }
    if findings.isSummaryDue { expect(.summarize, dueAt: now) }
    if findings.areKindsParked { expect(.unpark, dueAt: now) }
    for (step, wait) in [
      (Step.promoteDue, findings.nextDue), (.fireSchedules, findings.nextTick),
      (.settleWaits, findings.nextWait),
    ] {
      if let wait, wait < Self.lookInterval { expect(step, dueAt: now + max(.zero, wait)) }
    }
  }

  /// A look at what is due begins: what is expected from now on, it may not see any more.
  mutating func begin(_ step: Step) { due[step] = .never }

  /// Promotion found `count` due jobs of `limit` asked for, and the next is due after `wait`.
  mutating func promoted(_ count: Int, of limit: Int, nextIn wait: Duration?, at now: Moment) {
    looked[.promoteDue] = now
    if count >= limit {
      due[.promoteDue] = now
    } else if let wait, wait < Self.lookInterval {
      expect(.promoteDue, dueAt: now + max(.zero, wait))
    }
  }

  /// Schedules fired `count` jobs, and the next one is due after `wait`. One that is overdue and was
  /// not fired is in somebody else's hands.
  mutating func fired(_ count: Int, nextIn wait: Duration?, at now: Moment) {
    looked[.fireSchedules] = now
    guard let wait else { return }
    let isHeld = count == 0 && wait <= .zero
    let next = now + (isHeld ? .milliseconds(100) : max(.zero, wait))
    due[.fireSchedules] = min(due[.fireSchedules] ?? .never, next)
  }

  /// Something becomes due at `moment`: look at it on time.
  mutating func expect(_ step: Step, dueAt moment: Moment) {
    let earliest = looked[step].map { max(moment, $0 + Self.breath) } ?? moment
    due[step] = min(due[step] ?? .never, earliest)
  }
}

/// What others know and the maintenance has to hear of.
enum MaintenanceNews: Sendable, Hashable {
  /// A job was put off for so long, less than a promotion's interval.
  case jobDue(in: Duration)
  case scheduleChanged
}
