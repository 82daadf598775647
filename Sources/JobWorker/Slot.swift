import JobQueue
import Synchronization

/// One place of a queue where jobs run, one after the other, in one long-lived task.
///
/// To stop one job its slot's task is cancelled. A task that was cancelled never runs another job:
/// the slot goes on in a new one, with a new seat.
final class Slot: Sendable {
  let number: Int
  private let seat = Mutex(Seat())

  init(number: Int) { self.number = number }

  private var now: Seat { seat.withLock { $0 } }

  var isBusy: Bool { now.isBusy }

  /// It was told that its job is lost and has not ended it yet.
  var runsLostJob: Bool { now.runsLostJob }

  func start(in pool: SlotPool) {
    let new = Seat()
    seat.withLock { $0 = new }
    let loop = SlotLoop(slot: self, seat: new, pool: pool)
    new.task.withLock {
      $0 = Task(executorPreference: pool) { await loop.run() }
    }
  }

  // Called by the engine, on its queue only.

  /// Asks the job to end, if this slot still runs it.
  @discardableResult
  func stop(_ id: Int64, _ why: StopReason) -> Bool { now.stop(id, why, at: .now) }

  /// Asks what runs to end, if it is a job that `isMeant` names.
  func stopCurrent(_ why: StopReason, where isMeant: (Int64) -> Bool = { _ in true }) {
    let seat = now
    if let id = seat.runningID, isMeant(id) { _ = seat.stop(id, why, at: .now) }
  }

  func stopOverdue(at moment: Moment) {
    let seat = now
    guard let id = seat.runningID, seat.isOverdue(at: moment) else { return }
    _ = seat.stop(id, .timeout, at: moment)
  }

  /// A job that should have ended and has not for longer than `grace`.
  func overstaying(_ grace: Duration, at moment: Moment) -> (id: Int64, why: StopReason)? {
    now.overstaying(grace, at: moment)
  }

  /// The jobs of the call of which `id` is the first or only one.
  func ids(of id: Int64) -> [Int64] { now.ids(of: id) }

  /// Goes on in a new task, however long the old one still takes; false if it has just ended.
  func abandon(_ id: Int64, in pool: SlotPool) -> Bool {
    guard now.abandon(id) else { return false }
    start(in: pool)
    return true
  }
}
