public import Foundation

/// What a unit reports for one leaf; the case has to fit the leaf's kind.
public enum Figure: Hashable, Sendable, Codable {
  /// For a quantitative leaf. A missing or zero target puts the unit among those without a target.
  case quantity(actual: Decimal, target: Decimal?)
  /// For a qualitative leaf.
  case achieved(Bool)
  /// For a leaf scored per occurrence.
  case occurrences(Int)
  /// For an adjustment: how often a bonus, how often a penalty applies.
  case adjustments(bonuses: Int, penalties: Int)
}

/// Who filled a sheet in. The sheet of the last completed stage is the one that counts, as a whole:
/// second review before first review before self-score.
public enum SheetStage: String, Sendable, Codable, CaseIterable, Comparable {
  case selfScore = "self_score"
  case firstReview = "first_review"
  case secondReview = "second_review"

  public static func < (one: SheetStage, other: SheetStage) -> Bool { one.order < other.order }

  private var order: Int {
    switch self {
    case .selfScore: 0
    case .firstReview: 1
    case .secondReview: 2
    }
  }
}

/// The figures of one unit in one period at one stage.
public struct SelfScoreSheet: Hashable, Sendable, Codable {
  public let blocPeriod: BlocPeriodKey
  public let unit: String
  public let stage: SheetStage
  /// Figure of each leaf, by its code.
  public var figures: [String: Figure]
  /// Counts the accepted versions of this sheet, from 1; 0 before the first was stored. Sending a
  /// sheet back with the revision it was read at protects against overwriting somebody else's edit.
  public let revision: Int

  public init(
    blocPeriod: BlocPeriodKey, unit: String, stage: SheetStage = .selfScore,
    figures: [String: Figure], revision: Int = 0
  ) {
    self.blocPeriod = blocPeriod
    self.unit = unit
    self.stage = stage
    self.figures = figures
    self.revision = revision
  }
}
