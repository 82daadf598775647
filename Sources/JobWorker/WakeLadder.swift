/// When an idle queue is asked again, and when this worker counts as asleep for producers.
///
/// A sleeper holds a shared advisory lock on its listening connection; only while somebody does,
/// producers send notifications. What was enqueued before the lock was taken, or by a transaction
/// that was still open then, sends none: the first is caught by one claim right after the lock,
/// the second by asking again after 5, 20, 80 and 320 ms and then every second, until the server says
/// that no such transaction is left. From then on notifications are trusted, and a look every ten
/// seconds is for what nobody thought of. A queue with a rate is always asked every second: nobody tells
/// when its bucket has filled.
struct WakeLadder: Sendable {
  enum Sleep: Hashable, Sendable {
    case awake
    /// `sleep_begin` is under way.
    case fallingAsleep
    case asleep
    /// `sleep_end` is under way.
    case wakingUp
  }

  enum Action: Hashable, Sendable {
    case none
    case beginSleep
    case endSleep
  }

  static let steps: [Duration] = [
    .milliseconds(5), .milliseconds(20), .milliseconds(80), .milliseconds(320), .seconds(1),
  ]
  static let trustingStep = Duration.seconds(10)
  /// Above this many notifications in `noticeWindow`, asking every few ms is cheaper for producers.
  static let noticeLimit = 20
  static let noticeWindow = Duration.milliseconds(100)

  private(set) var sleep = Sleep.awake
  /// No claim before this moment; nil: at once.
  private(set) var nextPoll: Moment?
  /// What led to `nextPoll`.
  private var wait = Duration.zero
  private var step = 0
  /// Transactions from this number on began after the lock was taken.
  private var lockedBefore: Int64?
  /// Everybody who enqueues now notifies.
  private var isTrusting = false
  /// A notification came while a claim was under way, which may have looked before.
  private var heardSinceAsked = false
  private var notices = 0
  private var noticesSince: Moment?

  func mayClaim(at now: Moment) -> Bool { nextPoll.map { $0 <= now } ?? true }

  /// Whether to be asked along with others that are asked now: a little early saves a trip.
  func mayJoin(at now: Moment) -> Bool { nextPoll.map { $0 <= now + wait / 4 } ?? true }

  /// A claim leaves.
  mutating func asked() { heardSinceAsked = false }

  /// A claim came back with `count` jobs of `limit` that were asked for.
  mutating func claimed(_ count: Int, of limit: Int, at now: Moment) -> Action {
    if count == 0 { return foundNothing(at: now) }
    step = 0
    guard sleep == .asleep else {
      nextPoll = nil
      return .none
    }
    if count >= limit { return wakeUp() }
    restAsleep(from: now)
    return .none
  }

  /// A producer's notification, or a queue that was resumed.
  mutating func notified(at now: Moment) -> Action {
    nextPoll = nil
    step = 0
    heardSinceAsked = true
    guard sleep == .asleep else { return .none }
    if let since = noticesSince, now - since < Self.noticeWindow {
      notices += 1
    } else {
      noticesSince = now
      notices = 1
    }
    return notices >= Self.noticeLimit ? wakeUp() : .none
  }

  /// The claim failed for a reason that may pass.
  mutating func refused(at now: Moment) { rest(.seconds(1), from: now) }

  /// The server has taken our sleeper's lock before transaction `boundary` began: claim once more.
  mutating func sleepBegan(before boundary: Int64) {
    guard sleep == .fallingAsleep else { return }
    sleep = .asleep
    step = 0
    nextPoll = nil
    lockedBefore = boundary
    isTrusting = false
  }

  /// Every transaction before `horizon` has ended.
  mutating func saw(horizon: Int64, isRated: Bool, at now: Moment) {
    guard sleep == .asleep else { return }
    if isRated {
      if isTrusting { rest(Self.steps[Self.steps.count - 1], from: now) }
      isTrusting = false
    } else if !isTrusting, let lockedBefore, horizon >= lockedBefore {
      isTrusting = true
      nextPoll = nil
    }
  }

  /// Nobody notifies any more. What came since the last claim looked may have told nobody.
  mutating func sleepEnded() {
    guard sleep == .wakingUp else { return }
    sleep = .awake
    nextPoll = nil
  }

  /// The listening connection is gone and the locks with it. Asking goes on by the clock.
  mutating func listenerLost() {
    sleep = .awake
    distrust()
  }

  private mutating func foundNothing(at now: Moment) -> Action {
    guard sleep == .awake else {
      restAsleep(from: now)
      return .none
    }
    climb(from: now)
    sleep = .fallingAsleep
    return .beginSleep
  }

  private mutating func restAsleep(from now: Moment) {
    if heardSinceAsked {
      nextPoll = nil
    } else if isTrusting {
      rest(Self.trustingStep, from: now)
    } else {
      climb(from: now)
    }
  }

  private mutating func climb(from now: Moment) {
    rest(Self.steps[step], from: now)
    step = min(step + 1, Self.steps.count - 1)
  }

  private mutating func rest(_ time: Duration, from now: Moment) {
    wait = time
    nextPoll = now + time
  }

  /// Producers do not notify, or will not for long.
  private mutating func distrust() {
    guard isTrusting else { return }
    isTrusting = false
    nextPoll = nil
  }

  private mutating func wakeUp() -> Action {
    sleep = .wakingUp
    distrust()
    nextPoll = nil
    notices = 0
    noticesSince = nil
    return .endSleep
  }
}
