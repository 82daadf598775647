/// When an idle queue is asked again, and when this worker counts as asleep for producers.
///
/// A sleeper holds a shared advisory lock on its listening connection; only while somebody does,
/// producers send notifications. What was enqueued before the lock was taken, or by a transaction
/// that was still open then, sends none: the first is caught by one claim right after the lock,
/// the second, where the server says that there are such transactions, by asking again after 5, 20, 80 and
/// 320 ms and then every second, until it says that none is left. From then on notifications are trusted,
/// and a look every ten seconds, or less often for a worker of over a thousand queues, is for what nobody
/// thought of. A queue with a rate is always asked every second: nobody tells
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
  /// How often a worker of `queues` looks where it trusts notifications: at most a hundred claims a second.
  static func trustingStep(queues: Int) -> Duration {
    max(.seconds(10), .milliseconds(10) * queues)
  }
  /// Above this many notifications in `noticeWindow`, asking every few ms is cheaper for producers.
  static let noticeLimit = 20
  static let noticeWindow = Duration.milliseconds(100)

  private let trustingStep: Duration
  private(set) var sleep = Sleep.awake
  /// No claim before `poll`; from `join` on along with others, a little early saves a trip. Nil: at once.
  private var pause: (poll: Moment, join: Moment)?
  private var step = 0
  /// Transactions from this number on began after the lock was taken.
  private var lockedBefore: Int64?
  /// Everybody who enqueues now notifies.
  private var isTrusting = false
  /// The last claim brought as many jobs as it asked for. One such may be a few jobs that a few slots
  /// were enough for; two, one after the other, are a stream, for which producers need not notify.
  private var isFull = false
  /// There was news while a claim was under way, which may have looked before.
  private var heardSinceAsked = false
  private var notices = 0
  private var noticesSince: Moment?

  init(trustingStep: Duration = trustingStep(queues: 1)) { self.trustingStep = trustingStep }

  var nextPoll: Moment? { pause?.poll }
  var nextJoin: Moment? { pause?.join }

  func mayClaim(at now: Moment) -> Bool { nextPoll.map { $0 <= now } ?? true }

  func mayJoin(at now: Moment) -> Bool { nextJoin.map { $0 <= now } ?? true }

  /// A claim leaves.
  mutating func asked() { heardSinceAsked = false }

  /// A claim came back with `count` jobs of `limit` that were asked for.
  mutating func claimed(_ count: Int, of limit: Int, at now: Moment) -> Action {
    if count == 0 { return foundNothing(at: now) }
    step = 0
    let wasFull = isFull
    isFull = count >= limit
    guard sleep == .asleep else {
      pause = nil
      return .none
    }
    if isFull && wasFull { return wakeUp() }
    if isFull { pause = nil } else { restAsleep(from: now) }
    return .none
  }

  /// A producer's notification, or a queue that was resumed.
  mutating func notified(at now: Moment) -> Action {
    pause = nil
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
  /// - Parameter boundary: 0: no transaction ran then.
  mutating func sleepBegan(before boundary: Int64, isRated: Bool) {
    guard sleep == .fallingAsleep else { return }
    sleep = .asleep
    step = 0
    pause = nil
    heardSinceAsked = true
    lockedBefore = boundary
    isTrusting = boundary == 0 && !isRated
  }

  /// Every transaction before `horizon` has ended.
  mutating func saw(horizon: Int64, isRated: Bool, at now: Moment) {
    guard sleep == .asleep else { return }
    if isRated {
      if isTrusting { rest(Self.steps[Self.steps.count - 1], from: now) }
      isTrusting = false
    } else if !isTrusting, let lockedBefore, horizon >= lockedBefore {
      isTrusting = true
      pause = nil
      heardSinceAsked = true
    }
  }

  /// Nobody notifies any more. What came since the last claim looked may have told nobody.
  mutating func sleepEnded() {
    guard sleep == .wakingUp else { return }
    sleep = .awake
    pause = nil
  }

  /// The listening connection is gone and the locks with it. Asking goes on by the clock.
  mutating func listenerLost() {
    sleep = .awake
    distrust()
  }

  private mutating func foundNothing(at now: Moment) -> Action {
    isFull = false
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
      pause = nil
    } else if isTrusting {
      rest(trustingStep, from: now)
    } else {
      climb(from: now)
    }
  }

  private mutating func climb(from now: Moment) {
    rest(Self.steps[step], from: now)
    step = min(step + 1, Self.steps.count - 1)
  }

  private mutating func rest(_ time: Duration, from now: Moment) {
    pause = (poll: now + time, join: now + (time - time / 4))
  }

  /// Producers do not notify, or will not for long.
  private mutating func distrust() {
    guard isTrusting else { return }
    isTrusting = false
    pause = nil
  }

  private mutating func wakeUp() -> Action {
    sleep = .wakingUp
    distrust()
    pause = nil
    notices = 0
    noticesSince = nil
    return .endSleep
  }
}
