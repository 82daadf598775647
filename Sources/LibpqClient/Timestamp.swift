package import FoundationEssentials

/// PostgreSQL counts microseconds since 2000-01-01 00:00 UTC, Foundation seconds since 2001.
package enum Timestamp {
  static let infinity = Int64.max
  static let minusInfinity = Int64.min
  private static let secondsFrom2000To2001 = 366.0 * 86400
  /// 4714-11-24 BC and 294277-01-01 AD, the limits of timestamptz.
  private static let range: Range<Int64> = -211_813_488_000_000_000..<9_223_371_331_200_000_000

  /// nil when PostgreSQL cannot hold the moment.
  static func microseconds(from date: Date) -> Int64? {
    if date == .distantFuture { return infinity }
    if date == .distantPast { return minusInfinity }
    let seconds = date.timeIntervalSinceReferenceDate + secondsFrom2000To2001
    guard let value = Int64(exactly: (seconds * 1_000_000).rounded()), range.contains(value) else {
      return nil
    }
    return value
  }

  package static func date(from microseconds: Int64) -> Date {
    if microseconds == infinity { return .distantFuture }
    if microseconds == minusInfinity { return .distantPast }
    return Date(
      timeIntervalSinceReferenceDate: Double(microseconds) / 1_000_000 - secondsFrom2000To2001)
  }

  /// A value of type date counts days since 2000-01-01.
  static func date(fromDays days: Int32) -> Date {
    if days == .max { return .distantFuture }
    if days == .min { return .distantPast }
    return Date(timeIntervalSinceReferenceDate: Double(days) * 86400 - secondsFrom2000To2001)
  }
}
