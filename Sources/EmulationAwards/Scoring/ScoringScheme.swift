public import Foundation

/// A version of the rules by which a bloc scores: criteria, bonus cap, classes and the tie rule.
///
/// Provinces replace their rules every one to seven years and blocs tune them, so a scheme is data
/// with a version and a first day of validity. `validated()` says whether it can score.
public struct ScoringScheme: Hashable, Sendable, Codable {
  public let code: String
  public let version: Int
  public let name: LocalizedText
  public let validFrom: CalendarDay
  /// Groups and leaves in the order of the form; parents are named by code.
  public let criteria: [Criterion]
  /// The most that all bonuses of a unit together may add.
  public let bonusCap: Decimal
  /// Classes from the best down; below the last one a unit is ``Rating/notCompleted``.
  public let thresholds: [RatingThreshold]
  /// Applied one after the other to units with the same total; required.
  public let tieRule: [TieBreaker]

  public init(
    code: String, version: Int, name: LocalizedText, validFrom: CalendarDay,
    criteria: [Criterion], bonusCap: Decimal, thresholds: [RatingThreshold], tieRule: [TieBreaker]
  ) {
    self.code = code
    self.version = version
    self.name = name
    self.validFrom = validFrom
    self.criteria = criteria
    self.bonusCap = bonusCap
    self.thresholds = thresholds
    self.tieRule = tieRule
  }

  public func criterion(_ code: String) -> Criterion? { criteria.first { $0.code == code } }

  /// The leaves in the order of the form: what a self-score sheet has a figure for.
  public var leaves: [Criterion] { criteria.filter { !$0.isGroup } }

  /// The top groups in the order of the form.
  public var topGroups: [Criterion] { criteria.filter { $0.parent == nil } }

  public func children(of code: String) -> [Criterion] { criteria.filter { $0.parent == code } }
}

/// One step of a tie rule.
public enum TieBreaker: Hashable, Sendable, Codable {
  /// The higher total without bonus points goes first.
  case scoreBeforeBonus
  /// The higher score of a group goes first.
  case group(String)
  /// The meeting votes; until then the units share the rank. Only as the last step.
  case ballot
}
