public import Foundation

/// The scoring rules of the four kinds of leaves, as pure functions of decimal numbers.
///
/// Source of the quantitative rule: the "Điều 6" formula of the police emulation blocs, as a public
/// program states it. One rounding rule holds everywhere: the points of a leaf are rounded once, to
/// two decimals, half away from zero; nothing before it and nothing after it is rounded, so groups
/// and totals are exact sums. With figures below 10¹² and maxima up to 1,000 every product stays
/// within the 38 digits of `Decimal`.
public enum ScoreFormula {
  /// One unit's actual figure with its target, for a quantitative leaf.
  public struct Quantity: Hashable, Sendable {
    public let actual: Decimal
    /// Nil or zero: the unit has no target.
    public let target: Decimal?
    /// Whether others are measured by this unit. An excluded unit is scored but sets no standard.
    public let isStandard: Bool

    public init(actual: Decimal, target: Decimal?, isStandard: Bool = true) {
      self.actual = actual
      self.target = target.flatMap { $0 > 0 ? $0 : nil }
      self.isStandard = isStandard
    }
  }

  /// Points of every unit for a quantitative leaf; relative, so one unit's edit can change all.
  ///
  /// With A the actual figure, T the target, M the maximum and L the highest A/T of those above
  /// their target: A < T gives ½·M·A/T, A = T gives ½·M, the leader gets M, the others above their
  /// target ½·M + ½·M·(A/T − 1)/(L − 1). Units without a target are measured by one another: M
  /// times A over the highest A among them, nothing if that is zero.
  public static func quantitative(
    _ quantities: [String: Quantity], maximum: Decimal
  ) -> [String: Decimal] {
    let standards = quantities.values.filter(\.isStandard)
    let leader = standards.compactMap(Attainment.init).filter(\.isAboveTarget).max()
    let highest = standards.filter { $0.target == nil }.map(\.actual).max() ?? 0
    return quantities.mapValues { quantity in
      if let attainment = Attainment(quantity) {
        points(attainment, leader: leader, maximum: maximum)
      } else {
        points(quantity.actual, highest: highest, maximum: maximum)
      }
    }
  }

  /// The maximum if achieved, else nothing.
  public static func qualitative(_ isAchieved: Bool, maximum: Decimal) -> Decimal {
    isAchieved ? maximum : 0
  }

  /// Occurrences times points, not above the maximum.
  public static func perOccurrence(
    _ count: Int, points: Decimal, maximum: Decimal
  ) -> Decimal {
    rounded(min(Decimal(count) * points, maximum))
  }

  /// Bonuses less penalties, clamped to `lowest…highest`.
  public static func adjustment(
    bonuses: Int, bonus: Decimal, penalties: Int, penalty: Decimal, lowest: Decimal,
    highest: Decimal
  ) -> Decimal {
    let sum = Decimal(bonuses) * bonus - Decimal(penalties) * penalty
    return rounded(min(max(sum, lowest), highest))
  }

  /// Two decimals, half away from zero: the one rounding rule.
  public static func rounded(_ value: Decimal) -> Decimal {
    var value = value
    var result = Decimal()
    NSDecimalRound(&result, &value, 2, .plain)
    return result
  }

  private static func points(
    _ own: Attainment, leader: Attainment?, maximum: Decimal
  ) -> Decimal {
    guard own.isAboveTarget else { return rounded(maximum * own.actual / (2 * own.target)) }
    guard let leader, own < leader else { return maximum }
    // The formula over one denominator: a single division, and that one is rounded.
    let denominator = own.target * (leader.actual - leader.target)
    let numerator = denominator + (own.actual - own.target) * leader.target
    return rounded(maximum * numerator / (2 * denominator))
  }

  private static func points(_ actual: Decimal, highest: Decimal, maximum: Decimal) -> Decimal {
    guard highest > 0 else { return actual > 0 ? maximum : 0 }
    return rounded(min(maximum * actual / highest, maximum))
  }
}

/// Actual over target, compared without dividing.
private struct Attainment: Comparable {
  let actual: Decimal
  let target: Decimal

  init?(_ quantity: ScoreFormula.Quantity) {
    guard let target = quantity.target else { return nil }
    actual = quantity.actual
    self.target = target
  }

  var isAboveTarget: Bool { actual > target }

  static func < (one: Self, other: Self) -> Bool {
    one.actual * other.target < other.actual * one.target
  }

  static func == (one: Self, other: Self) -> Bool {
    one.actual * other.target == other.actual * one.target
  }
}
