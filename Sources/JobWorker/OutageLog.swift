import Logging

/// How loudly to say again what was said before: an outage of hours must not fill the log.
struct OutageLog: Sendable {
  static let interval = Duration.seconds(30)
  private var lastWarning: Moment?

  /// A warning at first and then every 30 s; debug in between.
  mutating func level(at now: Moment) -> Logger.Level {
    if let lastWarning, now - lastWarning < Self.interval { return .debug }
    lastWarning = now
    return .warning
  }

  /// It is over: the next one is news again.
  mutating func end() { lastWarning = nil }
}
