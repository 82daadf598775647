/// Thrown by a handler to say what becomes of its job, instead of the kind's retry policy.
public struct JobControl: Error, Sendable, Hashable {
  package enum Kind: Sendable, Hashable {
    case retry(after: Duration)
    case snooze(for: Duration)
    case discard(reason: String)
  }

  package let kind: Kind

  /// This attempt failed; try again after `delay` rather than after the kind's backoff. A job
  /// that is out of attempts becomes a dead letter all the same.
  public static func retry(after delay: Duration) -> JobControl {
    JobControl(kind: .retry(after: delay))
  }

  /// Not now: run again after `delay` without using up an attempt.
  public static func snooze(for delay: Duration) -> JobControl {
    JobControl(kind: .snooze(for: delay))
  }

  /// The job has become pointless: end it without retry. The reason is kept.
  public static func discard(reason: String) -> JobControl {
    JobControl(kind: .discard(reason: reason))
  }
}

extension JobControl: CustomStringConvertible {
  public var description: String {
    switch kind {
    case .retry(let delay): "retry after \(delay)"
    case .snooze(let delay): "snooze for \(delay)"
    case .discard(let reason): "discarded: \(reason)"
    }
  }
}
