/// A day of the Gregorian calendar as an administrative document states it; it has no time zone.
public struct DocumentDate: Sendable, Hashable {
  public let year: Int
  public let month: Int
  public let day: Int

  /// Returns nil for a day that the calendar does not have. Years 1 to 9999.
  public init?(year: Int, month: Int, day: Int) {
    guard (1...9999).contains(year), (1...12).contains(month),
      day >= 1, day <= Self.days(in: month, of: year)
    else { return nil }
    self.year = year
    self.month = month
    self.day = day
  }

  /// "ngày 05 tháng 01 năm 2024": a leading 0 for days below 10, and for the months 1 and 2 only
  /// (Decree 30/2020, appendix I).
  public var vietnamese: String {
    let day = day < 10 ? "0\(day)" : "\(day)"
    let month = month < 3 ? "0\(month)" : "\(month)"
    return "ngày \(day) tháng \(month) năm \(year)"
  }

  /// "2024-01-05".
  package var iso8601: String {
    "\(Self.padded(year, 4))-\(Self.padded(month, 2))-\(Self.padded(day, 2))"
  }

  private static func padded(_ number: Int, _ width: Int) -> String {
    let digits = String(number)
    return String(repeating: "0", count: max(0, width - digits.count)) + digits
  }

  private static func days(in month: Int, of year: Int) -> Int {
    switch month {
    case 2: (year % 4 == 0 && year % 100 != 0) || year % 400 == 0 ? 29 : 28
    case 4, 6, 9, 11: 30
    default: 31
    }
  }
}
