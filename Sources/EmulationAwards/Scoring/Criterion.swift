public import Foundation

/// One line of a scoring scheme: a group, which only sums what stands under it, or a leaf that is
/// scored by one of four rules.
public struct Criterion: Hashable, Sendable, Codable, Identifiable {
  /// How a leaf is scored, or that it is a group. The formulas are those of ``ScoreFormula``.
  public enum Kind: Hashable, Sendable, Codable {
    /// Sum of the children; not scored itself.
    case group
    /// Actual against target, relative to the leader of the bloc.
    case quantitative
    /// Achieved or not: the maximum or nothing.
    case qualitative
    /// Occurrences times points, up to the maximum.
    case perOccurrence(points: Decimal)
    /// `bonus · n₁ − penalty · n₂`, clamped to `lowest…highest`; outside the base score.
    case adjustment(bonus: Decimal, penalty: Decimal, lowest: Decimal, highest: Decimal)
  }

  /// Code within the scheme, such as `I.2`.
  public let code: String
  /// Code of the group it belongs to; nil at the top.
  public let parent: String?
  public let name: LocalizedText
  public let kind: Kind
  /// The most points it can give to the base score; for a group the sum of its children, zero for
  /// adjustments and groups of adjustments.
  public let maximum: Decimal
  /// What is counted, for forms: "hội viên", "triệu đồng". Empty where nothing is counted.
  public let measure: LocalizedText

  public var id: String { code }
  public var isGroup: Bool { kind == .group }
  public var isAdjustment: Bool {
    if case .adjustment = kind { true } else { false }
  }

  public init(
    code: String, parent: String?, name: LocalizedText, kind: Kind, maximum: Decimal,
    measure: LocalizedText = LocalizedText(vi: "", en: "")
  ) {
    self.code = code
    self.parent = parent
    self.name = name
    self.kind = kind
    self.maximum = maximum
    self.measure = measure
  }
}
