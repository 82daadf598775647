import JobQueue

/// The queues that a worker serves, in the order of the engine's pools, and the moments at which they are
/// to be asked for jobs.
///
/// A worker may serve thousands, and there is news many thousand times a second: what comes with each
/// piece of it looks at one queue, or at the earliest moment of all.
struct ServedQueues {
  struct Served {
    let name: String
    var plan: ClaimPlan
    var ladder: WakeLadder
    /// When it was last claimed from.
    var askedAt = Moment(nanoseconds: 0)
    /// Its jobs may become claimable without anybody telling, as far as the server has said.
    var isRated = true

    init(name: String, plan: ClaimPlan, ladder: WakeLadder) {
      self.name = name
      self.plan = plan
      self.ladder = ladder
    }

    private static let atOnce = Moment(nanoseconds: 0)

    /// When it is to be asked, and when along with others; never while there is no room for its jobs.
    fileprivate var times: (due: Moment, joining: Moment) {
      guard plan.claimSize > 0 else { return (.never, .never) }
      return (ladder.nextPoll ?? Self.atOnce, ladder.nextJoin ?? Self.atOnce)
    }
  }

  private var queues: [Served]
  private var dueAt: [Moment]
  private var joiningAt: [Moment]
  /// The least of `dueAt`; nil: to be looked for.
  private var knownEarliest: Moment?
  private let places: [String: Int]

  init(_ queues: [Served]) {
    self.queues = queues
    dueAt = queues.map(\.times.due)
    joiningAt = queues.map(\.times.joining)
    places = Dictionary(uniqueKeysWithValues: queues.enumerated().map { ($1.name, $0) })
  }

  var indices: Range<Int> { queues.indices }

  subscript(place: Int) -> Served { queues[place] }

  func place(of name: String) -> Int? { places[name] }

  @discardableResult
  mutating func update<Result>(_ place: Int, _ change: (inout Served) -> Result) -> Result {
    let result = change(&queues[place])
    let before = dueAt[place]
    let (after, joining) = queues[place].times
    dueAt[place] = after
    joiningAt[place] = joining
    if let earliest = knownEarliest {
      knownEarliest = after <= earliest ? after : before == earliest ? nil : earliest
    }
    return result
  }

  mutating func updateAll(_ change: (inout Served) -> Void) {
    for place in queues.indices { update(place, change) }
  }

  /// The first moment at which a queue is to be asked.
  mutating func earliest() -> Moment {
    if let knownEarliest { return knownEarliest }
    let earliest = dueAt.min() ?? .never
    knownEarliest = earliest
    return earliest
  }

  /// Queues to be asked when some are asked anyway, at most `limit`: those that have waited longest where
  /// they are more.
  func joining(at now: Moment, atMost limit: Int) -> [Int] {
    var joining = joiningAt.indices.filter { joiningAt[$0] <= now }
    guard joining.count > limit else { return joining }
    joining.sort { queues[$0].askedAt < queues[$1].askedAt }
    return Array(joining.prefix(limit))
  }
}
