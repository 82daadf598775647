/// Results on their way to the server: which claims have news, and when to report them.
///
/// The results of a claim leave when the oldest of them has waited for the flush age, or when there
/// are many; those of a claim that is done also with any other trip. So a claim of quick jobs is
/// mostly reported as a whole.
struct ResultBuffer: Sendable {
  private struct News: Sendable {
    let since: Moment
    var results: Int
    var isDone: Bool
  }

  let flushAge: Duration
  let flushSize: Int
  private var news: [ClaimKey: News] = [:]
  /// Settlements that the server refused for a reason that may pass, with the time to try again.
  private var postponed: [(due: Moment, settlement: Settlement)] = []

  init(flushAge: Duration, flushSize: Int) {
    self.flushAge = flushAge
    self.flushSize = flushSize
  }

  var isEmpty: Bool { news.isEmpty && postponed.isEmpty }

  /// When the next flush is due; nil: nothing waits.
  var due: Moment? {
    let moments = news.values.map { due($0) } + postponed.map(\.due)
    return moments.min()
  }

  func isDue(at now: Moment) -> Bool { due.map { $0 <= now } ?? false }

  /// - Parameter isDone: no job of the claim is left unfinished.
  mutating func note(_ key: ClaimKey, results: Int, isDone: Bool, at now: Moment) {
    var known = news[key] ?? News(since: now, results: 0, isDone: false)
    known.results += results
    known.isDone = isDone
    news[key] = known
  }

  /// The claims to report with a trip that goes now.
  mutating func takeKeys(at now: Moment) -> [ClaimKey] {
    let keys = news.filter { $0.value.isDone || due($0.value) <= now }.keys
    for key in keys { news[key] = nil }
    return Array(keys)
  }

  private func due(_ some: News) -> Moment {
    some.results >= flushSize ? some.since : some.since + flushAge
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
    news = [:]
    postponed = []
  }

  /// Settlements that wait for another try, to be judged after a reconnect.
  mutating func takeAllPostponed() -> [Settlement] {
    defer { postponed = [] }
    return postponed.map(\.settlement)
  }
}
