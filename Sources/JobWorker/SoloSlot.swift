import Synchronization

#if canImport(Glibc)
  import Glibc
#endif

/// Has one slot of a queue run its jobs alone while they return at once: a second thread would gain
/// nothing, and take a core from the server or from the thread that reads its answers.
///
/// The others are woken again as soon as a job takes its time: when it suspends, since the slot's thread
/// then returns (`wasLeft`); when it blocks, since the slot no longer gives a sign; when jobs are
/// no longer quick on average; and one by one while claims pile up, on machines where the server is faster
/// than one slot. Its methods may be called from any thread; a race between two slots costs
/// no more than a thread too many for one batch.
final class SoloSlot: Sendable {
  /// A slot that gave its last sign longer ago has a job that takes its time. Nanoseconds.
  private static let patience: Int64 = 200_000
  private static let nobody = -1

  private let on = Atomic(false)
  private let holder = Atomic(nobody)
  private let lastSign = Atomic<Int64>(0)
  /// The thread that runs the holder's task; 0: none.
  private let thread = Atomic<UInt>(0)

  /// The queue's jobs return at once.
  var isOn: Bool { on.load(ordering: .relaxed) }

  func begin() { on.store(true, ordering: .relaxed) }

  func end() {
    on.store(false, ordering: .relaxed)
    holder.store(Self.nobody, ordering: .relaxed)
  }

  /// Some slot sees to all jobs that are ready.
  func isAtWork(at now: Moment) -> Bool {
    isOn && holder.load(ordering: .relaxed) != Self.nobody
      && now.nanoseconds - lastSign.load(ordering: .relaxed) < Self.patience
  }

  /// Whether this slot is to take jobs; it is the one from now on.
  func mayTake(_ slot: Int, at now: Moment) -> Bool {
    if holder.load(ordering: .relaxed) != slot, isAtWork(at: now) { return false }
    appoint(slot, at: now)
    return true
  }

  func appoint(_ slot: Int, at now: Moment) {
    guard isOn else { return }
    lastSign.store(now.nanoseconds, ordering: .relaxed)
    holder.store(slot, ordering: .relaxed)
  }

  // Called by a slot's task.

  /// The task runs on this thread.
  func enter(_ slot: Int) {
    if isOn, holder.load(ordering: .relaxed) == slot { thread.store(Self.me, ordering: .relaxed) }
  }

  /// The task gives its thread up, but not for a job.
  func pause(_ slot: Int) {
    if holder.load(ordering: .relaxed) == slot { thread.store(0, ordering: .relaxed) }
  }

  /// The slot has nothing to do.
  func leave(_ slot: Int) {
    guard holder.load(ordering: .relaxed) == slot else { return }
    thread.store(0, ordering: .relaxed)
    holder.store(Self.nobody, ordering: .relaxed)
  }

  /// The slot begins a job.
  func sign(_ slot: Int, at nanoseconds: Int64) {
    if isOn, holder.load(ordering: .relaxed) == slot {
      lastSign.store(nanoseconds, ordering: .relaxed)
    }
  }

  /// Called when a task has given this thread back: true where it was the holder's, in the midst of a job.
  func wasLeft() -> Bool {
    guard isOn, thread.load(ordering: .relaxed) == Self.me else { return false }
    thread.store(0, ordering: .relaxed)
    holder.store(Self.nobody, ordering: .relaxed)
    return true
  }

  private static var me: UInt { UInt(pthread_self()) }
}
