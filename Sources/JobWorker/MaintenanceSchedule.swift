/// What the leader does when.
struct MaintenanceSchedule: Sendable {
  enum Step: CaseIterable, Sendable {
    case rescueLost, promoteDue, fireSchedules, settleWaits, rotate, unpark, prune
  }

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

  /// The time between two runs of a step that found nothing special.
  static func interval(_ step: Step) -> Duration {
    switch step {
    case .rescueLost, .promoteDue, .fireSchedules, .settleWaits: .seconds(1)
    case .rotate: .seconds(5)
    case .unpark: .seconds(2)
    case .prune: .seconds(60)
    }
  }

  /// How old a connected worker's heartbeat may be before it is declared dead. After an outage all
  /// heartbeats are old: a new leader gives everybody time to send one.
  func staleness(at now: Moment) -> Duration {
    now - ledSince < .seconds(15) ? .seconds(3600) : .seconds(15)
  }

  var next: Moment { due.values.min() ?? .never }

  func isDue(_ step: Step, at now: Moment) -> Bool { due[step, default: .never] <= now }

  mutating func did(_ step: Step, at now: Moment) { due[step] = now + Self.interval(step) }

  /// A look at what is due begins: what is expected from now on, it may not see any more.
  mutating func begin(_ step: Step) { due[step] = .never }

  /// Promotion found `count` due jobs of `limit` asked for, and the next is due after `wait`.
  mutating func promoted(_ count: Int, of limit: Int, nextIn wait: Duration?, at now: Moment) {
    let longest = Self.interval(.promoteDue)
    looked[.promoteDue] = now
    due[.promoteDue] = min(
      due[.promoteDue] ?? .never,
      count >= limit ? now : now + min(longest, max(.zero, wait ?? longest)))
  }

  /// Schedules fired `count` jobs, and the next one is due after `wait`. One that is overdue and was
  /// not fired is in somebody else's hands. Each promotion also brings the time of the next tick.
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
