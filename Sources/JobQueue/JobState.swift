/// Where a job is in its life. The same words in SQL, Swift, the command and the web page.
public enum JobState: String, Sendable, Hashable, Codable, CaseIterable {
  /// In the log, claimable now.
  case waiting
  /// Claimed by a living worker.
  case running
  /// Enqueued for a later time.
  case scheduled
  /// Failed, and waiting for its next attempt.
  case retrying
  /// Put off by its handler without using up an attempt.
  case snoozed
  /// Kept until a worker registers that knows its kind.
  case parked
  /// Out of attempts or undecodable; kept until an operator retries or discards it.
  case dead
  case succeeded
  /// Ended by an operator.
  case cancelled
  /// Ended by its handler, or by an operator out of the dead letters.
  case discarded
  /// Dropped: no attempt had started before the time at which it expires.
  case expired

  /// True when nothing more will happen to the job by itself.
  public var isFinal: Bool {
    switch self {
    case .dead, .succeeded, .cancelled, .discarded, .expired: true
    case .waiting, .running, .scheduled, .retrying, .snoozed, .parked: false
    }
  }
}
