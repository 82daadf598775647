public import Foundation
import Synchronization

/// What producers, workers and operators saw while they used the queue, in the order in which it was
/// recorded: the material of `HistoryChecker`.
///
/// Record an act after the server has confirmed it. Safe to use from many tasks at once.
public final class History: Sendable {
  /// One confirmed act.
  public enum Event: Sendable {
    /// A transaction that enqueued these jobs has committed.
    case enqueued(ids: [Int64])
    /// A claim was returned. `begun` is as in `settled`.
    case claimed(epoch: UUID, lane: Int32, seq: Int64, ids: [Int64], begun: Int)
    /// A committed enqueue under a unique key was answered with this job, be it new or the one that
    /// held the key.
    case tookKey(id: Int64, key: String, scope: KeyScope, call: Call)
    /// A settle was accepted; `ids` are the jobs that succeeded by it. `begun` is the number that
    /// `now` gave before the settle was sent.
    case settled(epoch: UUID, begun: Int, ids: [Int64])
    /// Jobs were given back or ended otherwise than by success in a settle that began at `begun`.
    case released(begun: Int, ids: [Int64])
    /// A claim on a queue with a rate took so many jobs between two times of the server's clock.
    case started(queue: String, count: Int, after: Double, before: Double)
    /// The enqueueing of jobs of one key began at `begun` and is committed.
    case keyed(queue: String, key: String, begun: Int, ids: [Int64])
    /// A rescue or a retirement is about to be asked for.
    case ending(epoch: UUID)
    /// These jobs were settled in a transaction that also wrote their effects; it has committed. A
    /// `settled` goes with it.
    case applied(ids: [Int64])
    /// A settle was refused although the worker regarded the jobs as its own.
    case refused(epoch: UUID, why: String)
    /// A transaction that fired a schedule's tick, in seconds since 1970, has committed.
    case fired(schedule: String, tick: Int64, id: Int64)
    /// A rescue of the worker was confirmed.
    case rescued(epoch: UUID)
  }

  /// How long a unique key is held.
  public enum KeyScope: Sendable, Hashable {
    case waiting, settled
    /// In seconds.
    case window(Double)
  }

  /// When a call was made, in seconds of the server's clock: no other clock decides when a window ends.
  public struct Call: Sendable, Hashable {
    public var began: Double
    public var ended: Double

    public init(began: Double, ended: Double) {
      self.began = began
      self.ended = ended
    }
  }

  private let events = Mutex<[Event]>([])

  public init() {}

  public func record(_ event: Event) {
    events.withLock { $0.append(event) }
  }

  /// The number of events so far: a logical time.
  public var now: Int { events.withLock(\.count) }

  /// A copy of everything recorded so far.
  public var recorded: [Event] { events.withLock { $0 } }
}
