/// What the leader does when.
struct MaintenanceSchedule: Sendable {
  enum Step: CaseIterable, Sendable {
    case rescueLost, promoteDue, settleWaits, rotate, unpark, prune
  }

  private var due: [Step: Moment]
  private let ledSince: Moment

  /// Everything is due when somebody begins to lead.
  init(at now: Moment) {
    ledSince = now
    due = Dictionary(uniqueKeysWithValues: Step.allCases.map { ($0, now) })
  }

  /// The time between two runs of a step that found nothing special.
  static func interval(_ step: Step) -> Duration {
    switch step {
    case .rescueLost, .promoteDue, .settleWaits: .seconds(1)
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

  /// Promotion found `count` due jobs of `limit` asked for, and the next is due after `wait`.
  mutating func promoted(_ count: Int, of limit: Int, nextIn wait: Duration?, at now: Moment) {
    let longest = Self.interval(.promoteDue)
    due[.promoteDue] = count >= limit ? now : now + min(longest, max(.zero, wait ?? longest))
  }

  /// A job was just put off until `moment`: promote it on time.
  mutating func expect(dueAt moment: Moment) {
    due[.promoteDue] = min(due[.promoteDue] ?? moment, moment)
  }
}
