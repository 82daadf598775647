import Foundation

/// The points of all units of a bloc: leaves by formula, groups as sums, adjustments beside them.
struct UnitScores {
  /// A scheme that is known to be valid.
  let scheme: ScoringScheme
  /// Figures of each unit, by leaf.
  let figures: [String: [String: Figure]]
  /// Units that are scored but set no standard for others.
  let excluded: Set<String>

  var all: [String: UnitScore] {
    var points = figures.mapValues { _ in [String: Decimal]() }
    for leaf in scheme.leaves {
      for (unit, value) in leafPoints(leaf) { points[unit]?[leaf.code] = value }
    }
    return Dictionary(uniqueKeysWithValues: points.map { ($0, score(of: $0, leaves: $1)) })
  }

  private func leafPoints(_ leaf: Criterion) -> [String: Decimal] {
    if case .quantitative = leaf.kind { return quantitativePoints(leaf) }
    return figures.mapValues { Self.points(of: $0[leaf.code], leaf) }
  }

  private func quantitativePoints(_ leaf: Criterion) -> [String: Decimal] {
    var quantities: [String: ScoreFormula.Quantity] = [:]
    for (unit, figures) in figures {
      guard case .quantity(let actual, let target)? = figures[leaf.code] else { continue }
      quantities[unit] = ScoreFormula.Quantity(
        actual: actual, target: target, isStandard: !excluded.contains(unit))
    }
    let points = ScoreFormula.quantitative(quantities, maximum: leaf.maximum)
    return figures.keys.reduce(into: [:]) { $0[$1] = points[$1] ?? 0 }
  }

  /// A figure that is missing or does not fit the leaf gives nothing.
  private static func points(of figure: Figure?, _ leaf: Criterion) -> Decimal {
    switch (leaf.kind, figure) {
    case (.qualitative, .achieved(let achieved)?):
      ScoreFormula.qualitative(achieved, maximum: leaf.maximum)
    case (.perOccurrence(let points), .occurrences(let count)?):
      ScoreFormula.perOccurrence(count, points: points, maximum: leaf.maximum)
    case (
      .adjustment(let bonus, let penalty, let lowest, let highest),
      .adjustments(let bonuses, let penalties)?
    ):
      ScoreFormula.adjustment(
        bonuses: bonuses, bonus: bonus, penalties: penalties, penalty: penalty, lowest: lowest,
        highest: highest)
    default: 0
    }
  }

  private func score(of unit: String, leaves: [String: Decimal]) -> UnitScore {
    let adjustments = scheme.leaves.filter(\.isAdjustment).map { leaves[$0.code] ?? 0 }
    let base = scheme.leaves.filter { !$0.isAdjustment }.map { leaves[$0.code] ?? 0 }.sum
    let bonus = min(adjustments.filter { $0 > 0 }.sum, scheme.bonusCap)
    let deduction = adjustments.filter { $0 < 0 }.sum
    return UnitScore(
      unit: unit, points: withGroups(leaves), base: base, bonus: bonus, deduction: deduction,
      total: max(base + bonus + deduction, 0))
  }

  private func withGroups(_ leaves: [String: Decimal]) -> [String: Decimal] {
    scheme.criteria.filter(\.isGroup).reduce(into: leaves) { points, group in
      points[group.code] = sum(of: group, leaves)
    }
  }

  private func sum(of criterion: Criterion, _ leaves: [String: Decimal]) -> Decimal {
    guard criterion.isGroup else { return leaves[criterion.code] ?? 0 }
    return scheme.children(of: criterion.code).map { sum(of: $0, leaves) }.sum
  }
}

extension Sequence<Decimal> {
  var sum: Decimal { reduce(0, +) }
}
