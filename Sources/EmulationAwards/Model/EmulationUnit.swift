/// A member of a bloc: an association or agency that scores itself and is ranked.
public struct EmulationUnit: Hashable, Sendable, Codable, Identifiable {
  /// Short capital code such as `CTD`; the identity, never reused.
  public let code: String
  public let name: LocalizedText

  public var id: String { code }

  public init(code: String, name: LocalizedText) {
    self.code = code
    self.name = name
  }
}

/// A unit's time in a bloc. Blocs are rearranged and associations merge, and yet the history has to
/// stay printable, so membership is a fact with dates, not a column of the unit.
public struct Membership: Hashable, Sendable, Codable {
  public let unit: EmulationUnit
  /// First day in the bloc.
  public let from: CalendarDay
  /// Last day in the bloc; nil while it lasts.
  public let through: CalendarDay?

  public init(unit: EmulationUnit, from: CalendarDay, through: CalendarDay? = nil) {
    self.unit = unit
    self.from = from
    self.through = through
  }

  public func contains(_ day: CalendarDay) -> Bool {
    from <= day && through.map { day <= $0 } ?? true
  }
}

/// Why a unit stays in the table of a period without a rank ("không xếp hạng").
public struct Exclusion: Hashable, Sendable, Codable {
  public let unit: String
  public let reason: LocalizedText

  public init(unit: String, reason: LocalizedText) {
    self.unit = unit
    self.reason = reason
  }

  /// The reason of a unit that has not sent any completed sheet yet.
  public static func noSheet(_ unit: String) -> Exclusion {
    Exclusion(
      unit: unit, reason: LocalizedText(vi: "Chưa gửi bảng tự chấm điểm", en: "No self-score sheet")
    )
  }
}
