import DocumentRendering

/// A day of the civil calendar without a time or a zone, as it stands on documents.
public struct CalendarDay: Hashable, Sendable {
  /// The same day for the typesetter.
  let documentDate: DocumentDate

  public var year: Int { documentDate.year }
  /// 1…12
  public var month: Int { documentDate.month }
  /// 1…31
  public var day: Int { documentDate.day }

  /// Nil for a day that does not exist, such as 30 February, and for years outside 1900…9999.
  public init?(year: Int, month: Int, day: Int) {
    guard year >= 1900, let date = DocumentDate(year: year, month: month, day: day) else {
      return nil
    }
    documentDate = date
  }

  /// Reads the form `2023-12-31` and no other.
  public init?(iso text: some StringProtocol) {
    let parts = text.split(separator: "-", omittingEmptySubsequences: false)
    guard parts.count == 3, parts.map(\.utf8.count) == [4, 2, 2],
      text.utf8.allSatisfy({ (48...57).contains($0) || $0 == 45 }),
      let year = Int(parts[0]), let month = Int(parts[1]), let day = Int(parts[2])
    else { return nil }
    self.init(year: year, month: month, day: day)
  }

  /// `2023-12-31`
  public var iso: String { documentDate.iso8601 }

  /// `ngày 05 tháng 01 năm 2024` by the rule of Decree 30/2020: days below 10 and the months 1 and
  /// 2 take a leading zero, other months do not.
  public var vietnamese: String { documentDate.vietnamese }

  /// `5 January 2024`
  public var english: String { "\(day) \(Self.englishMonths[month - 1]) \(year)" }

  private static let englishMonths = [
    "January", "February", "March", "April", "May", "June", "July", "August", "September",
    "October", "November", "December",
  ]
}

extension CalendarDay: Comparable {
  public static func < (one: Self, other: Self) -> Bool {
    (one.year, one.month, one.day) < (other.year, other.month, other.day)
  }
}

extension CalendarDay: Codable {
  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    let text = try container.decode(String.self)
    guard let day = CalendarDay(iso: text) else {
      throw DecodingError.dataCorruptedError(
        in: container, debugDescription: "expected a day like 2023-12-31, got: \(text)")
    }
    self = day
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(iso)
  }
}
