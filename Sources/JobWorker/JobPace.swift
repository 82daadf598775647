/// How long a slot's jobs take on average: about the last sixteen count.
struct JobPace: Sendable {
  /// One job counts as no more than this: a thread that was preempted says nothing of its job.
  private static let most: Int64 = 100_000

  private let quick: Int64
  private let slow: Int64
  private var average = most

  /// - Parameters:
  ///   - quick: nanoseconds below which jobs return at once.
  ///   - slow: nanoseconds above which they do not.
  init(quick: Int64 = 5_000, slow: Int64 = 12_000) {
    self.quick = quick
    self.slow = slow
  }

  /// By which all jobs return at once.
  static let alwaysQuick = JobPace(quick: .max, slow: .max)

  mutating func note(nanoseconds: Int64) {
    average += (min(nanoseconds, Self.most) - average) / 16
  }

  /// They return at once.
  var isQuick: Bool { average < quick }
  /// It is worth while to wake another thread for the next one.
  var isSlow: Bool { average > slow }
}
