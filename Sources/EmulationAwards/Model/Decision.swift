/// What the province may award on a bloc's nomination.
public enum AwardKind: String, Sendable, Codable, CaseIterable {
  /// Cờ thi đua của UBND tỉnh: for the unit that leads the bloc.
  case provincialFlag = "provincial_flag"
  /// Bằng khen của Chủ tịch UBND tỉnh.
  case meritCertificate = "merit_certificate"

  public var label: LocalizedText {
    switch self {
    case .provincialFlag:
      LocalizedText(
        vi: "Cờ thi đua của Ủy ban nhân dân tỉnh",
        en: "Emulation Flag of the Provincial People's Committee")
    case .meritCertificate:
      LocalizedText(
        vi: "Bằng khen của Chủ tịch Ủy ban nhân dân tỉnh",
        en: "Certificate of Merit of the Chairman of the Provincial People's Committee")
    }
  }
}

/// One award of a decision.
public struct Award: Hashable, Sendable, Codable {
  public let unit: String
  public let kind: AwardKind

  public init(unit: String, kind: AwardKind) {
    self.unit = unit
    self.kind = kind
  }
}

/// A decision of the province on the bloc's nomination. The bloc ranks and nominates; the chairman
/// of the provincial People's Committee decides (Law on Emulation and Commendation, Art. 79.4).
public struct Decision: Hashable, Sendable, Codable, Identifiable {
  public let id: Int64
  public let blocPeriod: BlocPeriodKey
  /// Number and symbol as people gave them: "212/QĐ-UBND".
  public let number: String
  public let day: CalendarDay
  /// Who issued it: "Ủy ban nhân dân tỉnh …".
  public let issuer: LocalizedText
  public let subject: LocalizedText
  /// Empty until the decision is issued.
  public let awards: [Award]
  /// Nil while it is a draft that waits for the period to be finalised.
  public let snapshot: Int64?

  public var isIssued: Bool { snapshot != nil }

  public init(
    id: Int64, blocPeriod: BlocPeriodKey, number: String, day: CalendarDay,
    issuer: LocalizedText, subject: LocalizedText, awards: [Award], snapshot: Int64?
  ) {
    self.id = id
    self.blocPeriod = blocPeriod
    self.number = number
    self.day = day
    self.issuer = issuer
    self.subject = subject
    self.awards = awards
    self.snapshot = snapshot
  }
}
