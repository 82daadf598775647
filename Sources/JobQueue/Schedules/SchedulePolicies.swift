/// What becomes of a tick whose local time does not exist, because the clock is set forward over it.
public enum SkippedTimes: String, Sendable, Hashable, Codable, CaseIterable {
  /// It does not run.
  case skip
  /// It runs at the first moment after the jump; several such ticks run once.
  case runAfter = "run_after"
}

/// Which of the moments runs that show the same local time, because the clock was set back.
public enum RepeatedTimes: String, Sendable, Hashable, Codable, CaseIterable {
  case first
  case both
}

/// What becomes of ticks at which nobody could fire: no worker ran, or the server was away. A tick is
/// in time for one minute.
public enum CatchUp: Sendable, Hashable {
  /// They are given up.
  case none
  /// The latest of them is fired if it is not older than `within`, the others are given up.
  case latest(within: Duration = .seconds(86400))
  /// Those that are not older than `within` are fired, a hundred at a time.
  case all(within: Duration)

  /// The word of the SQL function, with the window.
  var policy: (word: String, window: Duration) {
    switch self {
    case .none: ("none", .zero)
    case .latest(let window): ("latest", window)
    case .all(let window): ("all", window)
    }
  }

  init?(word: String, window: Duration) {
    switch word {
    case "none": self = .none
    case "latest": self = .latest(within: window)
    case "all": self = .all(within: window)
    default: return nil
    }
  }
}

/// What becomes of a tick while the job of an earlier tick waits, runs or is retried.
public enum ScheduleOverlap: String, Sendable, Hashable, Codable, CaseIterable {
  /// The tick is dropped.
  case skip
  /// The tick is fired when that job ends; only one tick waits, later ones are dropped.
  case bufferOne = "buffer_one"
  /// The tick is fired.
  case allow
}
