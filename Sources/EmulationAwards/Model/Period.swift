/// A stretch of time over which units compete. A year is one kind of period among others: a bloc
/// can hold several in one year, each with its own criteria.
public struct Period: Hashable, Sendable, Codable, Identifiable {
  public enum Kind: String, Sendable, Codable, CaseIterable {
    case year
    case halfYear = "half_year"
    case quarter, campaign
  }

  /// The identity, such as `2023` or `2024-H1`.
  public let code: String
  public let name: LocalizedText
  public let kind: Kind
  public let firstDay: CalendarDay
  public let lastDay: CalendarDay

  public var id: String { code }

  public init(
    code: String, name: LocalizedText, kind: Kind, firstDay: CalendarDay, lastDay: CalendarDay
  ) {
    self.code = code
    self.name = name
    self.kind = kind
    self.firstDay = firstDay
    self.lastDay = lastDay
  }
}
