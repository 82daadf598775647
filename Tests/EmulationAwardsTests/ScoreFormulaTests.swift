import EmulationAwards
import Foundation
import Testing

struct ScoreFormulaTests {
  private typealias Quantity = ScoreFormula.Quantity

  @Test(
    "A quantitative leaf follows the formula below, at and above the target",
    arguments: [
      // Leader: 150 of 100, so L − 1 = 0.5.
      ("0", "100", "0"), ("50", "100", "10"), ("99.99", "100", "20"), ("99.9", "100", "19.98"),
      ("100", "100", "20"), ("125", "100", "30"), ("110", "100", "24"), ("150", "100", "40"),
      ("1", "3", "6.67"), ("4", "3", "33.33"), ("300", "200", "40"),
    ])
  func quantitative(actual: String, target: String, points: String) {
    let result = ScoreFormula.quantitative(
      [
        "leader": Quantity(actual: 150, target: 100),
        "own": Quantity(actual: decimal(actual), target: decimal(target)),
      ], maximum: 40)
    #expect(result["own"] == decimal(points))
    #expect(result["leader"] == 40)
  }

  @Test("Without anybody above the target nobody gets more than half")
  func nobodyAboveTarget() {
    let result = ScoreFormula.quantitative(
      ["a": Quantity(actual: 10, target: 10), "b": Quantity(actual: 9, target: 10)], maximum: 10)
    #expect(result == ["a": 5, "b": decimal("4.5")])
  }

  @Test("Units with no target or a target of zero are measured by one another")
  func withoutTarget() {
    let result = ScoreFormula.quantitative(
      [
        "a": Quantity(actual: 30, target: nil), "b": Quantity(actual: 10, target: 0),
        "c": Quantity(actual: 0, target: nil), "d": Quantity(actual: 5, target: 10),
      ], maximum: 10)
    #expect(result == ["a": 10, "b": decimal("3.33"), "c": 0, "d": decimal("2.5")])
  }

  @Test("Without targets and without results everybody gets nothing")
  func nothingAtAll() {
    let result = ScoreFormula.quantitative(
      ["a": Quantity(actual: 0, target: nil), "b": Quantity(actual: 0, target: 0)], maximum: 10)
    #expect(result == ["a": 0, "b": 0])
  }

  @Test("An excluded unit sets no standard and cannot pass the maximum")
  func excludedSetsNoStandard() {
    let result = ScoreFormula.quantitative(
      [
        "leader": Quantity(actual: 12, target: 10), "second": Quantity(actual: 11, target: 10),
        "excluded": Quantity(actual: 90, target: 10, isStandard: false),
      ], maximum: 10)
    #expect(result == ["leader": 10, "second": decimal("7.5"), "excluded": 10])
  }

  @Test("The largest figures stay exact")
  func largest() {
    let most = decimal("999999999999.99")
    let result = ScoreFormula.quantitative(
      [
        "leader": Quantity(actual: most, target: decimal("0.01")),
        "half": Quantity(actual: decimal("499999999999.99"), target: decimal("0.01")),
        "small": Quantity(actual: decimal("0.01"), target: most),
      ], maximum: 1000)
    #expect(result == ["leader": 1000, "half": 750, "small": 0])
  }

  @Test(
    "Points are rounded to two decimals, half away from zero",
    arguments: [
      ("1.005", "1.01"), ("1.0049999999999999999999", "1"), ("2.675", "2.68"),
      ("-1.005", "-1.01"), ("-1.0049", "-1"), ("0.125", "0.13"), ("97.5", "97.5"),
    ])
  func rounding(value: String, rounded: String) {
    #expect(ScoreFormula.rounded(decimal(value)) == decimal(rounded))
  }

  @Test("Random quantities agree with integer arithmetic to the last digit")
  func againstIntegers() {
    var random = SystemRandomNumberGenerator()
    for _ in 0..<300 {
      let targets = (0..<5).map { _ in Int.random(in: 1...100_000, using: &random) }
      let actuals = targets.map { Int.random(in: 0...(2 * $0), using: &random) }
      let maximum = Int.random(in: 1...100, using: &random)
      let result = ScoreFormula.quantitative(
        Dictionary(
          uniqueKeysWithValues: (0..<5).map {
            ("\($0)", Quantity(actual: Decimal(actuals[$0]), target: Decimal(targets[$0])))
          }), maximum: Decimal(maximum))
      for index in 0..<5 {
        let expected = hundredths(index, actuals: actuals, targets: targets, maximum: maximum)
        #expect(result["\(index)"] == Decimal(expected) / 100)
      }
    }
  }

  /// The formula in hundredths of a point with 128-bit integers.
  private func hundredths(
    _ index: Int, actuals: [Int], targets: [Int], maximum: Int
  ) -> Int {
    let (a, t, m) = (Int128(actuals[index]), Int128(targets[index]), Int128(maximum))
    var leader: (a: Int128, t: Int128)?
    for (actual, target) in zip(actuals, targets) where actual > target {
      let candidate = (a: Int128(actual), t: Int128(target))
      if leader.map({ candidate.a * $0.t > $0.a * candidate.t }) ?? true { leader = candidate }
    }
    let (numerator, denominator): (Int128, Int128) =
      if a <= t { (m * a, 2 * t) } else if let leader {
        (
          m * (t * (leader.a - leader.t) + (a - t) * leader.t), 2 * t * (leader.a - leader.t)
        )
      } else { (0, 1) }
    return Int((200 * numerator + denominator) / (2 * denominator))
  }

  @Test("A leaf per occurrence is capped, a qualitative one is all or nothing")
  func simpleLeaves() {
    #expect(ScoreFormula.perOccurrence(0, points: 2, maximum: 10) == 0)
    #expect(ScoreFormula.perOccurrence(3, points: decimal("1.25"), maximum: 5) == decimal("3.75"))
    #expect(ScoreFormula.perOccurrence(100_000, points: 2, maximum: 10) == 10)
    #expect(ScoreFormula.qualitative(true, maximum: 6) == 6)
    #expect(ScoreFormula.qualitative(false, maximum: 6) == 0)
  }

  @Test(
    "An adjustment is bonuses less penalties between its limits",
    arguments: [(0, 0, 0), (2, 0, 4), (9, 0, 5), (1, 1, 1), (0, 2, -2), (0, 99, -6)])
  func adjustment(bonuses: Int, penalties: Int, points: Int) {
    let result = ScoreFormula.adjustment(
      bonuses: bonuses, bonus: 2, penalties: penalties, penalty: 1, lowest: -6, highest: 5)
    #expect(result == Decimal(points))
  }
}
