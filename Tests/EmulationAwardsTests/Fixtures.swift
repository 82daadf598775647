import EmulationAwards
import Foundation

func decimal(_ text: String) -> Decimal { Decimal(string: text)! }

func text(_ both: String) -> LocalizedText { LocalizedText(vi: both, en: both) }

func unit(_ code: String) -> EmulationUnit { EmulationUnit(code: code, name: text("Hội \(code)")) }

let key = BlocPeriodKey(bloc: "HDT", period: "2023")

/// A small scheme with each kind of leaf: I (quantitative 40), III (per occurrence 30, qualitative
/// 30) and adjustments with a bonus cap of 5.
func smallScheme(
  criteria: [Criterion]? = nil, bonusCap: Decimal = 5,
  thresholds: [RatingThreshold]? = nil,
  tieRule: [TieBreaker] = [.scoreBeforeBonus, .group("I"), .group("III"), .ballot]
) -> ScoringScheme {
  ScoringScheme(
    code: "TEST", version: 1, name: text("Test"),
    validFrom: CalendarDay(year: 2023, month: 1, day: 1)!,
    criteria: criteria ?? smallCriteria, bonusCap: bonusCap,
    thresholds: thresholds ?? [
      RatingThreshold(rating: .excellent, atLeast: 95, minimumPercentage: 50),
      RatingThreshold(rating: .good, atLeast: 85, minimumPercentage: 0),
      RatingThreshold(rating: .completed, atLeast: 70, minimumPercentage: 0),
    ],
    tieRule: tieRule)
}

let smallCriteria = [
  Criterion(code: "I", parent: nil, name: text("I"), kind: .group, maximum: 40),
  Criterion(code: "I.1", parent: "I", name: text("I.1"), kind: .quantitative, maximum: 40),
  Criterion(code: "III", parent: nil, name: text("III"), kind: .group, maximum: 60),
  Criterion(
    code: "III.1", parent: "III", name: text("III.1"), kind: .perOccurrence(points: 10),
    maximum: 30),
  Criterion(code: "III.2", parent: "III", name: text("III.2"), kind: .qualitative, maximum: 30),
  Criterion(code: "IV", parent: nil, name: text("IV"), kind: .group, maximum: 0),
  Criterion(
    code: "IV.1", parent: "IV", name: text("IV.1"),
    kind: .adjustment(bonus: 2, penalty: 0, lowest: 0, highest: 10), maximum: 0),
  Criterion(
    code: "IV.2", parent: "IV", name: text("IV.2"),
    kind: .adjustment(bonus: 0, penalty: 1, lowest: -10, highest: 0), maximum: 0),
]

/// A sheet for the small scheme; the defaults reach 20 + 30 + 30 = 80 points.
func sheet(
  _ unit: String, stage: SheetStage = .selfScore, actual: Decimal = 100, target: Decimal? = 100,
  occurrences: Int = 3, achieved: Bool = true, bonuses: Int = 0, penalties: Int = 0
) -> SelfScoreSheet {
  SelfScoreSheet(
    blocPeriod: key, unit: unit, stage: stage,
    figures: [
      "I.1": .quantity(actual: actual, target: target), "III.1": .occurrences(occurrences),
      "III.2": .achieved(achieved), "IV.1": .adjustments(bonuses: bonuses, penalties: 0),
      "IV.2": .adjustments(bonuses: 0, penalties: penalties),
    ])
}

func ranking(
  _ sheets: [SelfScoreSheet], members: [String]? = nil, exclusions: [Exclusion] = [],
  scheme: ScoringScheme = smallScheme()
) throws -> Ranking {
  let members = members ?? Array(Set(sheets.map(\.unit)))
  return try Ranking(
    computedFrom: ScoringInput(
      blocPeriod: key, inputRevision: 1, scheme: scheme, members: members.map(unit),
      sheets: sheets, exclusions: exclusions),
    at: Date(timeIntervalSince1970: 0))
}
