public import Foundation

/// The points of one unit, all exact to two decimals.
public struct UnitScore: Hashable, Sendable, Codable {
  public let unit: String
  /// Points of each leaf and group, by code. A group is the sum of its children.
  public let points: [String: Decimal]
  /// Sum of all leaves but the adjustments.
  public let base: Decimal
  /// Sum of the positive adjustments, not above the scheme's bonus cap.
  public let bonus: Decimal
  /// Sum of the negative adjustments, zero or below.
  public let deduction: Decimal
  /// `base + bonus + deduction`, not below zero.
  public let total: Decimal

  /// What the tie rule calls the score before bonus: `base + deduction`.
  public var beforeBonus: Decimal { base + deduction }

  public init(
    unit: String, points: [String: Decimal], base: Decimal, bonus: Decimal, deduction: Decimal,
    total: Decimal
  ) {
    self.unit = unit
    self.points = points
    self.base = base
    self.bonus = bonus
    self.deduction = deduction
    self.total = total
  }
}

/// A unit's line in the ranking table.
public struct RankingRow: Hashable, Sendable, Codable, Identifiable {
  public let unit: EmulationUnit
  /// Nil when the unit has sent no sheet.
  public let score: UnitScore?
  /// 1 for the leader; nil for a unit that is not ranked. Units that the tie rule cannot part share
  /// a rank, and the next rank is left out (1, 2, 2, 4).
  public let rank: Int?
  /// Nil for a unit that is not ranked.
  public let rating: Rating?
  /// Why the unit is not ranked; nil if it is.
  public let exclusion: Exclusion?

  public var id: String { unit.code }

  public init(
    unit: EmulationUnit, score: UnitScore?, rank: Int?, rating: Rating?, exclusion: Exclusion?
  ) {
    self.unit = unit
    self.score = score
    self.rank = rank
    self.rating = rating
    self.exclusion = exclusion
  }
}

/// A computed ranking: the table of one bloc and period at one input revision.
public struct Ranking: Hashable, Sendable, Codable {
  public let blocPeriod: BlocPeriodKey
  /// The edits that went into it.
  public let inputRevision: Int64
  public let schemeCode: String
  public let schemeVersion: Int
  public let computedAt: Date
  /// Ranked units by rank, then the others; equal ranks by unit code.
  public let rows: [RankingRow]

  public init(
    blocPeriod: BlocPeriodKey, inputRevision: Int64, schemeCode: String, schemeVersion: Int,
    computedAt: Date, rows: [RankingRow]
  ) {
    self.blocPeriod = blocPeriod
    self.inputRevision = inputRevision
    self.schemeCode = schemeCode
    self.schemeVersion = schemeVersion
    self.computedAt = computedAt
    self.rows = rows
  }

  public func row(of unit: String) -> RankingRow? { rows.first { $0.unit.code == unit } }
}
