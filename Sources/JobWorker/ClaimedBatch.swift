import JobQueue
import LibpqClient
import Synchronization

/// Names a claim: the `seq`-th of its lane.
package struct ClaimKey: Hashable, Sendable {
  package var lane: Int32
  package var seq: Int64
}

/// The jobs of one claim, shared between the slots that run them and the engine that reports them.
///
/// Slots take jobs and finish them without a lock; the engine alone collects what is to be reported
/// and drops what the server has taken away.
final class ClaimedBatch: Sendable {
  /// A job's way: waiting → running → done → reported; or gone, when the server took it away. A job
  /// that its own transaction settles goes running → committing → reported, or back to running.
  enum RowState: UInt8 {
    case waiting, running, done, reported, gone, committing

    var isClosed: Bool { self == .reported || self == .gone }
  }

  enum Finish {
    /// Others of this claim are still to come and the engine knows that there are results.
    case noted
    /// The first result since the engine last looked.
    case news
    case last
    /// The job was taken away meanwhile: its result counts for nothing.
    case dropped
  }

  let key: ClaimKey
  let queue: Int
  let rows: QueryResult
  /// The first of the answer's rows that belongs to this claim.
  let firstRow: Int
  let count: Int
  let claimedAt: Moment
  private let next = Atomic(0)
  private let left: Atomic<Int>
  private let hasNews = Atomic(false)
  /// A job was settled by its own transaction since the engine last looked.
  private let settledItself = Atomic(false)
  private let states: RowStates
  private let outcomes = Mutex<[Int: JobOutcome]>([:])

  init(
    key: ClaimKey, queue: Int, rows: QueryResult, range: Range<Int>, claimedAt: Moment
  ) {
    self.key = key
    self.queue = queue
    self.rows = rows
    self.firstRow = range.lowerBound
    self.count = range.count
    self.claimedAt = claimedAt
    left = Atomic(range.count)
    states = RowStates(count: range.count)
  }

  /// The place of a job that is now the caller's to run; nil when none is left.
  func take() -> Int? {
    while true {
      let place = next.add(1, ordering: .relaxed).oldValue
      if place >= count { return nil }
      if states.move(place, from: .waiting, to: .running) { return place }
    }
  }

  /// More jobs that are now the caller's to run, of those whose row `isMeant` names.
  func takeMore(_ limit: Int, where isMeant: (_ row: Int) -> Bool) -> [Int] {
    var taken: [Int] = []
    for place in min(next.load(ordering: .relaxed), count)..<count {
      if taken.count >= limit { break }
      if isMeant(firstRow + place), states.move(place, from: .waiting, to: .running) {
        taken.append(place)
      }
    }
    return taken
  }

  /// The band of the claim's lane.
  var priority: JobPriority { JobPriority(rawValue: Int16(key.lane & 3)) ?? .normal }

  var hasUntaken: Bool { next.load(ordering: .relaxed) < count }

  /// Jobs neither done nor gone.
  var unfinished: Int { left.load(ordering: .acquiring) }

  func id(_ place: Int) -> Int64 {
    rows.integer(row: firstRow + place, column: ClaimColumn.id) ?? 0
  }

  func attempt(_ row: Int) -> Int {
    Int(rows.integer(row: row, column: ClaimColumn.attempt) ?? 1)
  }

  func crashes(_ row: Int) -> Int {
    Int(rows.integer(row: row, column: ClaimColumn.crashes) ?? 0)
  }

  func kind(_ place: Int) -> String {
    rows.withUnsafeBytes(row: firstRow + place, column: ClaimColumn.kind) { bytes in
      String(decoding: bytes ?? UnsafeRawBufferPointer(start: nil, count: 0), as: UTF8.self)
    }
  }

  func isReported(_ place: Int) -> Bool { states[place] == .reported }

  /// From now on the job is neither reported nor given up: its own transaction settles it.
  func beginCommit(_ place: Int) throws {
    if states.move(place, from: .running, to: .committing) { return }
    switch states[place] {
    case .reported, .committing: throw JobTransactionError.alreadySettled
    default: throw JobTransactionError.refused("it has timed out or was given to another worker")
    }
  }

  func endCommit(_ place: Int, _ fate: CommitFate) {
    switch fate {
    case .rolledBack: _ = states.move(place, from: .committing, to: .running)
    case .committed:
      guard states.move(place, from: .committing, to: .reported) else { return }
      settledItself.store(true, ordering: .sequentiallyConsistent)
      left.subtract(1, ordering: .acquiringAndReleasing)
    case .lost:
      guard states.move(place, from: .committing, to: .gone) else { return }
      left.subtract(1, ordering: .acquiringAndReleasing)
    }
  }

  /// - Parameter outcome: nil for success without a result.
  func finish(_ place: Int, _ outcome: JobOutcome?) -> Finish {
    if let outcome { outcomes.withLock { $0[place] = outcome } }
    guard states.move(place, from: .running, to: .done) else { return .dropped }
    if left.subtract(1, ordering: .acquiringAndReleasing).newValue == 0 { return .last }
    // Ordered after the move above, as `collect` clears this before it looks at the states.
    if hasNews.load(ordering: .sequentiallyConsistent) { return .noted }
    return hasNews.exchange(true, ordering: .acquiringAndReleasing) ? .noted : .news
  }
}

// The engine's side: called on its queue only.
extension ClaimedBatch {
  /// What is done and not reported, as reported from now on; nil if nothing is.
  func collect() -> Settlement? {
    hasNews.store(false, ordering: .sequentiallyConsistent)
    let mayBeClosed = settledItself.exchange(false, ordering: .sequentiallyConsistent)
    var places: [Int] = []
    var closed = 0
    for place in 0..<count {
      if states.move(place, from: .done, to: .reported) {
        places.append(place)
      } else if states[place].isClosed {
        closed += 1
      }
    }
    // A job's own transaction does not close its claim.
    guard !places.isEmpty || (mayBeClosed && closed == count) else { return nil }
    return Settlement(
      key: key, ids: places.map(id), isWhole: places.count == count,
      isFinal: places.count + closed == count, notes: notes(places))
  }

  /// Read after the places were found done: an outcome is stored before its job counts as done.
  private func notes(_ places: [Int]) -> [Settlement.Note] {
    outcomes.withLock { outcomes in
      if outcomes.isEmpty { return [] }
      return places.compactMap { place in
        // Kept until the claim is closed: `reopen` may have it reported once more.
        outcomes[place].map { Settlement.Note(id: id(place), $0) }
      }
    }
  }

  func runningPlace(of wanted: Int64) -> Int? {
    (0..<count).first { id($0) == wanted && states[$0] == .running }
  }

  /// Something is done that `collect` has not given.
  var hasUnreported: Bool { (0..<count).contains { states[$0] == .done } }

  /// Has jobs reported once more that the server has forgotten the results of.
  func reopen(where isOpen: (Int64) -> Bool) {
    for place in 0..<count where isOpen(id(place)) {
      _ = states.move(place, from: .reported, to: .done)
    }
  }

  /// Takes away the jobs that `isLost` names; returns the ids of those that are running now.
  func drop(where isLost: (Int64) -> Bool) -> [Int64] {
    var running: [Int64] = []
    for place in 0..<count where isLost(id(place)) {
      if states.move(place, from: .waiting, to: .gone) {
        left.subtract(1, ordering: .acquiringAndReleasing)
      } else if states.move(place, from: .running, to: .gone) {
        left.subtract(1, ordering: .acquiringAndReleasing)
        running.append(id(place))
      } else {
        _ = states.move(place, from: .done, to: .gone)
      }
    }
    return running
  }

  /// Finishes every job that no slot has taken; returns how many.
  func finishUntaken(_ outcome: JobOutcome) -> Int {
    var finished = 0
    while let place = take() {
      _ = finish(place, outcome)
      finished += 1
    }
    return finished
  }

  /// Finishes one job if no slot has taken it.
  func finishUntaken(id wanted: Int64, _ outcome: JobOutcome) -> Bool {
    for place in 0..<count where id(place) == wanted {
      guard states.move(place, from: .waiting, to: .running) else { return false }
      _ = finish(place, outcome)
      return true
    }
    return false
  }
}

/// One atomic byte a job. Unchecked: the memory is only touched through its atomics.
private final class RowStates: @unchecked Sendable {
  private let bytes: UnsafeMutablePointer<Atomic<UInt8>>
  private let count: Int

  init(count: Int) {
    self.count = count
    bytes = .allocate(capacity: count)
    for place in 0..<count { (bytes + place).initialize(to: Atomic(0)) }
  }

  deinit {
    bytes.deinitialize(count: count)
    bytes.deallocate()
  }

  subscript(place: Int) -> ClaimedBatch.RowState {
    ClaimedBatch.RowState(rawValue: bytes[place].load(ordering: .acquiring)) ?? .gone
  }

  @inline(__always)
  func move(_ place: Int, from: ClaimedBatch.RowState, to: ClaimedBatch.RowState) -> Bool {
    bytes[place].compareExchange(
      expected: from.rawValue, desired: to.rawValue, ordering: .acquiringAndReleasing
    ).exchanged
  }
}
