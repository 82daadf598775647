/// Results on their way to the server: which claims have news, and when to report them.
///
/// They leave when there are many, when the oldest has waited long enough, or with any claim that
/// is sent anyway.
struct ResultBuffer: Sendable {
  let flushAge: Duration
  let flushSize: Int
  private var keys: [ClaimKey] = []
  private var known: Set<ClaimKey> = []
  private var results = 0
  private var oldest: Moment?
  /// Settlements that the server refused for a reason that may pass, with the time to try again.
  private var postponed: [(due: Moment, settlement: Settlement)] = []

  init(flushAge: Duration, flushSize: Int) {
    self.flushAge = flushAge
    self.flushSize = flushSize
  }

  var isEmpty: Bool { keys.isEmpty && postponed.isEmpty }

  /// When the next flush is due; nil: nothing waits.
  var due: Moment? {
    var moments = postponed.map(\.due)
    if let oldest { moments.append(results >= flushSize ? oldest : oldest + flushAge) }
    return moments.min()
  }

  func isDue(at now: Moment) -> Bool { due.map { $0 <= now } ?? false }

  mutating func note(_ key: ClaimKey, results count: Int, at now: Moment) {
    if known.insert(key).inserted { keys.append(key) }
    results += count
    if oldest == nil { oldest = now }
  }

  /// The claims with news, oldest first.
  mutating func takeKeys() -> [ClaimKey] {
    defer {
      keys = []
      known = []
      results = 0
      oldest = nil
    }
    return keys
  }

  /// Tries again after 0.1 s, 0.2 s, 0.4 s … 30 s.
  mutating func postpone(_ settlement: Settlement, at now: Moment) {
    var again = settlement
    again.refusals += 1
    let wait = min(Duration.seconds(30), .milliseconds(50) * (1 << min(again.refusals, 10)))
    postponed.append((now + wait, again))
  }

  /// Sends these with the next flush, at once.
  mutating func resend(_ settlements: [Settlement], at now: Moment) {
    postponed.append(contentsOf: settlements.map { (now, $0) })
  }

  mutating func takePostponed(at now: Moment) -> [Settlement] {
    let due = postponed.filter { $0.due <= now }.map(\.settlement)
    postponed.removeAll { $0.due <= now }
    return due
  }

  /// Everything that was postponed, wherever its time; used when the epoch has ended.
  mutating func dropAll() {
    _ = takeKeys()
    postponed = []
  }

  /// Settlements that wait for another try, to be judged after a reconnect.
  mutating func takeAllPostponed() -> [Settlement] {
    defer { postponed = [] }
    return postponed.map(\.settlement)
  }
}
