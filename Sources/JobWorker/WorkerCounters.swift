import Synchronization

/// How many attempts ended how, since the worker was made.
public struct WorkerTotals: Sendable, Hashable {
  public internal(set) var succeeded = 0
  /// Failed attempts that will be tried again.
  public internal(set) var retried = 0
  public internal(set) var snoozed = 0
  /// Dead letters.
  public internal(set) var dead = 0
  public internal(set) var discarded = 0
  public internal(set) var cancelled = 0
  /// Dropped because their time to start had passed.
  public internal(set) var expired = 0
  /// No handler here knew the kind.
  public internal(set) var parked = 0
  public internal(set) var handedBack = 0
  /// Child processes that died of the suspect that they ran.
  public internal(set) var crashed = 0
  /// Handlers that did not end after their timeout or cancellation, and were left behind.
  public internal(set) var leaked = 0
}

/// The counters behind `WorkerTotals`, cheap enough for every job.
final class WorkerCounters: Sendable {
  private let succeeded = Atomic(0)
  private let others = Mutex(WorkerTotals())

  /// Nil: success.
  func count(_ outcome: JobOutcome.Kind?) {
    guard let outcome else {
      succeeded.add(1, ordering: .relaxed)
      return
    }
    others.withLock { totals in
      switch outcome {
      case .crash: totals.crashed += 1
      case .succeed: totals.succeeded += 1
      case .retry: totals.retried += 1
      case .snooze: totals.snoozed += 1
      case .dead: totals.dead += 1
      case .discard: totals.discarded += 1
      case .cancel: totals.cancelled += 1
      case .expire: totals.expired += 1
      case .park: totals.parked += 1
      case .handBack: totals.handedBack += 1
      }
    }
  }

  func countLeak() { others.withLock { $0.leaked += 1 } }

  var totals: WorkerTotals {
    var totals = others.withLock { $0 }
    totals.succeeded += succeeded.load(ordering: .relaxed)
    return totals
  }
}
