/// What is fixed for all jobs of a kind; a single `enqueue` may choose another priority.
public struct JobOptions: Sendable, Hashable {
  /// The queue that jobs of this kind go to. Default: `default`.
  public var queue: String
  /// The band within the queue. Default: `.normal`.
  public var priority: JobPriority
  /// How often a job is tried before it becomes a dead letter, at least 1. Default: 20, which the
  /// default backoff spreads over about two and a half hours.
  public var maxAttempts: Int
  /// How long one attempt may take; then the handler's task is cancelled and the attempt counts
  /// as failed. `nil`: no limit. Default: 10 minutes.
  public var timeout: Duration?
  /// How long to wait before the next attempt.
  public var backoff: RetryBackoff

  public init(
    queue: String = "default", priority: JobPriority = .normal, maxAttempts: Int = 20,
    timeout: Duration? = .seconds(600), backoff: RetryBackoff = .exponential()
  ) {
    precondition(maxAttempts >= 1, "expected maxAttempts to be at least 1, got: \(maxAttempts)")
    self.queue = queue
    self.priority = priority
    self.maxAttempts = maxAttempts
    self.timeout = timeout
    self.backoff = backoff
  }
}

/// The band of a job in its queue: urgent ones are claimed first, lower bands keep a share.
public enum JobPriority: Int16, Sendable, Hashable, Codable, CaseIterable, Comparable {
  case urgent = 0
  case high = 1
  case normal = 2
  case low = 3

  /// `.urgent < .low`: the order in which bands are claimed.
  public static func < (a: JobPriority, b: JobPriority) -> Bool { a.rawValue < b.rawValue }
}

extension JobPriority: CustomStringConvertible, LosslessStringConvertible {
  /// `urgent`, `high`, `normal` or `low`, as the command and the web page write it.
  public var description: String {
    switch self {
    case .urgent: "urgent"
    case .high: "high"
    case .normal: "normal"
    case .low: "low"
    }
  }

  public init?(_ description: String) {
    guard let found = Self.allCases.first(where: { $0.description == description }) else {
      return nil
    }
    self = found
  }
}
