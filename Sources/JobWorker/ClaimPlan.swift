import JobQueue

/// Decides how many jobs of one queue to claim next.
///
/// The aim is a certain *time* of work in hand: many tiny jobs, so that the slots never wait for a
/// round trip, but of long jobs only as many as there are free slots, so that none lies here while
/// another worker is idle.
struct ClaimPlan: Sendable {
  /// Full claims in hand and under way at most. With fewer, the server or the slots wait for the engine
  /// whenever it gets its turn late.
  static let mostClaims = 5

  /// Jobs that run at a time.
  let slots: Int
  /// Jobs that a slot runs in one call of a handler.
  let jobsPerSlot: Int
  /// Most jobs of one claim.
  let largestClaim: Int
  /// How much work to have in hand.
  let window: Duration

  /// Claimed and not finished, running ones included.
  private(set) var inHand = 0
  /// Slots that still run jobs which the server has given to others.
  var blocked = 0
  /// What the claims under way have asked for, three at most; 0 if none is.
  private(set) var asked = 0
  /// Finished jobs a second while there was something to do; an average that forgets.
  private(set) var rate = 0.0
  /// Grows fourfold with each full claim: a few quick jobs do not justify thousands.
  private var ceiling: Int
  /// The last answer was as large as answers get, so the next one probably is.
  private var isStreaming = false

  private var sampleStart: Moment?
  private var sampleCount = 0

  init(
    slots: Int, jobsPerSlot: Int = 1, largestClaim: Int = 1000, window: Duration = .milliseconds(75)
  ) {
    self.slots = slots
    self.jobsPerSlot = jobsPerSlot
    self.largestClaim = largestClaim
    self.window = window
    ceiling = max(slots, 32)
  }

  private var free: Int { (slots - blocked) * jobsPerSlot }

  /// How many jobs to have in hand now.
  var wanted: Int {
    if free <= 0 { return 0 }
    let byTime = Int(min(rate * window.inSeconds, Double(Self.mostClaims * largestClaim)))
    return max(free, min(byTime, ceiling))
  }

  /// The size of the claim to send now; 0: none.
  ///
  /// Where one full claim follows the other, the next is sent before the last is answered: the server
  /// finds it when it is done, instead of waiting until the rows have been read here.
  var claimSize: Int {
    let room = wanted - inHand - asked
    guard room > 0 else { return 0 }
    if asked > 0 {
      return isStreaming && asked <= 2 * largestClaim && room >= largestClaim ? largestClaim : 0
    }
    let isStarving = inHand < free
    let isWorthIt = room >= min(largestClaim, wanted / 3)
    return isStarving || isWorthIt ? min(room, largestClaim) : 0
  }

  mutating func claimSent(_ size: Int) { asked += size }

  /// - Parameter size: what was asked for.
  mutating func claimAnswered(_ count: Int, of size: Int, at now: Moment) {
    if count >= size {
      ceiling = min(max(ceiling, count) * 4, slots + Self.mostClaims * largestClaim)
    }
    isStreaming = count >= largestClaim
    asked -= size
    if inHand == 0, count > 0 { startSample(now) }
    inHand += count
  }

  /// The answer to a claim of this size never came.
  mutating func claimFailed(_ size: Int) { asked -= size }

  mutating func finished(_ count: Int, at now: Moment) {
    inHand -= count
    sampleCount += count
    guard let start = sampleStart else { return }
    let elapsed = now - start
    guard inHand == 0 || elapsed >= .milliseconds(10) else { return }
    let sample = Double(sampleCount) / max(elapsed.inSeconds, 1e-6)
    rate = rate == 0 ? sample : 0.6 * rate + 0.4 * sample
    if inHand == 0 { sampleStart = nil } else { startSample(now) }
    sampleCount = 0
  }

  /// Jobs lay here unstarted for too long and go back: start again from small claims.
  mutating func overestimated() {
    rate = 0
    ceiling = max(slots * jobsPerSlot, 32)
  }

  /// All that was in hand belongs to others now.
  mutating func dropAll() {
    inHand = 0
    asked = 0
    sampleStart = nil
    sampleCount = 0
  }

  private mutating func startSample(_ now: Moment) {
    sampleStart = now
    sampleCount = 0
  }
}
