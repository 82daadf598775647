import Foundation

/// Puts scored units in order: total, then the scheme's tie rule step by step.
struct RankingOrder {
  let scheme: ScoringScheme

  func rows(
    members: [EmulationUnit], scores: [String: UnitScore], exclusions: [String: Exclusion]
  ) -> [RankingRow] {
    let byCode = members.sorted { $0.code < $1.code }
    let ranked =
      byCode.filter { exclusions[$0.code] == nil && scores[$0.code] != nil }
      .map { (unit: $0, score: scores[$0.code]!) }
      .sorted { isBetter($0.score, $1.score) ?? ($0.unit.code < $1.unit.code) }
    let others = byCode.filter { exclusions[$0.code] != nil || scores[$0.code] == nil }
    return rankedRows(ranked)
      + others.map {
        RankingRow(
          unit: $0, score: scores[$0.code], rank: nil, rating: nil, exclusion: exclusions[$0.code])
      }
  }

  private func rankedRows(_ ranked: [(unit: EmulationUnit, score: UnitScore)]) -> [RankingRow] {
    var rank = 0
    return ranked.enumerated().map { index, entry in
      if index == 0 || isBetter(ranked[index - 1].score, entry.score) != nil { rank = index + 1 }
      return RankingRow(
        unit: entry.unit, score: entry.score, rank: rank, rating: rating(of: entry.score),
        exclusion: nil)
    }
  }

  /// Nil if neither total nor tie rule parts the two.
  private func isBetter(_ one: UnitScore, _ other: UnitScore) -> Bool? {
    if one.total != other.total { return one.total > other.total }
    for step in scheme.tieRule {
      let (first, second) = (value(of: step, one), value(of: step, other))
      if first != second { return first > second }
    }
    return nil
  }

  private func value(of step: TieBreaker, _ score: UnitScore) -> Decimal {
    switch step {
    case .scoreBeforeBonus: score.beforeBonus
    case .group(let code): score.points[code] ?? 0
    case .ballot: 0
    }
  }

  private func rating(of score: UnitScore) -> Rating {
    let leaves = scheme.leaves.filter { !$0.isAdjustment }
    let threshold = scheme.thresholds.first { threshold in
      score.total >= threshold.atLeast
        && leaves.allSatisfy {
          (score.points[$0.code] ?? 0) * 100 >= threshold.minimumPercentage * $0.maximum
        }
    }
    return threshold?.rating ?? .notCompleted
  }
}
