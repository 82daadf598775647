import Synchronization

/// What one task of a slot tells the engine of the job that it runs, and what it is told.
///
/// A task whose job does not end when it was asked to is left behind with its seat, and the slot
/// goes on with a new one.
final class Seat: Sendable {
  private static let abandoned = Int64.min

  /// 0: idle. An id: that job runs. A negative id: that job was asked to end.
  private let current = Atomic<Int64>(0)
  /// When the current job times out.
  private let deadline = Atomic<Int64>(.max)
  private let reason = Atomic<UInt8>(StopReason.none.rawValue)
  private let stoppedAt = Atomic<Int64>(.max)
  /// Many jobs run in one call; the first stands for them in `current`.
  private let isGroup = Atomic(false)
  private let group = Mutex(Group())

  private struct Group {
    var ids: [Int64] = []
    /// Those that an operator has cancelled; the call goes on for the others.
    var cancelled: Set<Int64> = []
  }

  let task = Mutex<Task<Void, Never>?>(nil)

  var isBusy: Bool { current.load(ordering: .relaxed) != 0 }

  var runsLostJob: Bool {
    current.load(ordering: .acquiring) < 0
      && reason.load(ordering: .relaxed) == StopReason.lost.rawValue
  }

  // Called by the task.

  func begin(_ id: Int64, deadline moment: Int64) {
    deadline.store(moment, ordering: .relaxed)
    current.store(id, ordering: .sequentiallyConsistent)
  }

  func begin(_ ids: [Int64], deadline moment: Int64) {
    group.withLock { $0 = Group(ids: ids) }
    isGroup.store(true, ordering: .releasing)
    begin(ids[0], deadline: moment)
  }

  func endGroup() -> (stop: StopReason?, cancelled: Set<Int64>) {
    let stop = end()
    isGroup.store(false, ordering: .releasing)
    return (stop, group.withLock { $0.cancelled })
  }

  /// How the job was asked to end, if it was. Nil: the slot has gone on without this task.
  func end() -> StopReason? {
    let was = current.exchange(0, ordering: .sequentiallyConsistent)
    if was >= 0 { return StopReason.none }
    if was == Self.abandoned { return nil }
    return StopReason(rawValue: reason.load(ordering: .acquiring)) ?? .some(.none)
  }

  func isStopped(_ id: Int64) -> Bool {
    let now = current.load(ordering: .acquiring)
    if now == -id || now == Self.abandoned { return true }
    guard isGroup.load(ordering: .acquiring) else { return false }
    return now < 0 || group.withLock { $0.cancelled.contains(id) }
  }

  // Called by the engine, on its queue only.

  var runningID: Int64? {
    let id = current.load(ordering: .acquiring)
    return id > 0 ? id : nil
  }

  func isOverdue(at now: Moment) -> Bool {
    // The deadline belongs to the job that is still there when `stop` exchanges it.
    deadline.load(ordering: .relaxed) <= now.nanoseconds
  }

  func stop(_ id: Int64, _ why: StopReason, at now: Moment) -> Bool {
    if why == .cancelled, isGroup.load(ordering: .acquiring) { return cancelMember(id) }
    // The handle is read first: the one that the slot has after the exchange may be the next.
    let handle = task.withLock { $0 }
    guard current.load(ordering: .acquiring) == id else { return false }
    reason.store(why.rawValue, ordering: .releasing)
    stoppedAt.store(now.nanoseconds, ordering: .releasing)
    guard
      current.compareExchange(
        expected: id, desired: -id, ordering: .sequentiallyConsistent
      ).exchanged
    else { return false }
    handle?.cancel()
    return true
  }

  private func cancelMember(_ id: Int64) -> Bool {
    group.withLock { group in
      guard group.ids.contains(id) else { return false }
      group.cancelled.insert(id)
      return true
    }
  }

  /// The jobs that the task runs, of which `id` is the first or only one.
  func ids(of id: Int64) -> [Int64] {
    isGroup.load(ordering: .acquiring) ? group.withLock { $0.ids } : [id]
  }

  /// The job that was asked to end for longer than `grace` by its timeout or an operator.
  func overstaying(_ grace: Duration, at now: Moment) -> (id: Int64, why: StopReason)? {
    let id = current.load(ordering: .acquiring)
    guard id < 0, id != Self.abandoned,
      let why = StopReason(rawValue: reason.load(ordering: .acquiring)),
      why == .timeout || why == .cancelled,
      Moment(nanoseconds: stoppedAt.load(ordering: .acquiring)) + grace <= now
    else { return nil }
    return (-id, why)
  }

  /// Leaves the task behind; false if its job has just ended.
  func abandon(_ id: Int64) -> Bool {
    current.compareExchange(
      expected: -id, desired: Self.abandoned, ordering: .sequentiallyConsistent
    ).exchanged
  }
}
