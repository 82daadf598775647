import EmulationAwards
import Foundation
import Testing

struct RankingTests {
  @Test("Groups are sums, adjustments stand beside the base and the bonus is capped")
  func sums() throws {
    let table = try ranking([sheet("A", actual: 100, occurrences: 2, bonuses: 4, penalties: 3)])
    let score = try #require(table.row(of: "A")?.score)
    #expect(score.points["I"] == 20)
    #expect(score.points["III"] == 50)
    #expect(score.base == 70)
    #expect(score.bonus == 5)
    #expect(score.deduction == -3)
    #expect(score.beforeBonus == 67)
    #expect(score.total == 72)
  }

  @Test("Deductions never push a total below zero")
  func notBelowZero() throws {
    let table = try ranking([
      sheet("A", actual: 0, occurrences: 0, achieved: false, penalties: 9)
    ])
    #expect(table.row(of: "A")?.score?.total == 0)
    #expect(table.row(of: "A")?.rating == .notCompleted)
  }

  @Test("One unit's edit changes the points of others")
  func relative() throws {
    let before = try ranking([sheet("A", actual: 120), sheet("B", actual: 110)])
    let after = try ranking([sheet("A", actual: 200), sheet("B", actual: 110)])
    #expect(before.row(of: "B")?.score?.points["I.1"] == 30)
    #expect(after.row(of: "B")?.score?.points["I.1"] == 22)
    #expect(after.row(of: "A")?.score?.points["I.1"] == 40)
  }

  @Test("The order of sheets and members does not matter, and the leader gets the maximum")
  func orderInvariance() throws {
    var random = SystemRandomNumberGenerator()
    for _ in 0..<50 {
      let sheets = (1...8).map {
        sheet(
          "U\($0)", actual: Decimal(Int.random(in: 101...300, using: &random)),
          target: Int.random(in: 0...3, using: &random) == 0 ? nil : 100,
          occurrences: Int.random(in: 0...4, using: &random),
          bonuses: Int.random(in: 0...3, using: &random))
      }
      let members = sheets.map(\.unit)
      let one = try ranking(sheets, members: members)
      let other = try ranking(sheets.shuffled(), members: members.shuffled())
      #expect(one == other)
      #expect(one.rows.compactMap { $0.score?.points["I.1"] }.max() == 40)
      #expect(one.rows.map { $0.score!.total } == one.rows.map { $0.score!.total }.sorted(by: >))
    }
  }

  @Test("The sheet of the last stage counts, as a whole and even if it is worse")
  func stages() throws {
    let table = try ranking([
      sheet("A", stage: .secondReview, occurrences: 1),
      sheet("A", stage: .selfScore, occurrences: 3, bonuses: 2),
      sheet("A", stage: .firstReview, occurrences: 2, bonuses: 2),
    ])
    #expect(table.row(of: "A")?.score?.total == 60)
  }

  @Test("Equal totals are parted by score before bonus, then group I, then group III")
  func tieRule() throws {
    // Equal totals of 84: with and without bonus; then one point less in I and one more in III.
    let byBonus = try ranking([
      sheet("A", actual: 80, bonuses: 2), sheet("B", actual: 100),
    ])
    #expect(byBonus.rows.map(\.unit.code) == ["B", "A"])
    #expect(byBonus.rows.map { $0.score!.total } == [80, 80])
    #expect(byBonus.rows.map(\.rank) == [1, 2])

    let byGroup = try ranking([
      sheet("A", actual: 50, occurrences: 3), sheet("B", actual: 100, occurrences: 2),
    ])
    #expect(byGroup.rows.map(\.unit.code) == ["B", "A"])
    #expect(byGroup.rows.map(\.rank) == [1, 2])
  }

  @Test("What the tie rule cannot part shares a rank, and the next rank is left out")
  func sharedRank() throws {
    let table = try ranking([
      sheet("D", occurrences: 1), sheet("C"), sheet("B"), sheet("A", actual: 110),
    ])
    #expect(table.rows.map(\.unit.code) == ["A", "B", "C", "D"])
    #expect(table.rows.map(\.rank) == [1, 2, 2, 4])
  }

  @Test("Excluded units and units without a sheet stay in the table without a rank")
  func exclusions() throws {
    let reason = text("Chưa ký giao ước thi đua")
    let table = try ranking(
      [sheet("A"), sheet("B", actual: 500)], members: ["A", "B", "C"],
      exclusions: [Exclusion(unit: "B", reason: reason)])
    #expect(table.rows.map(\.unit.code) == ["A", "B", "C"])
    #expect(table.rows.map(\.rank) == [1, nil, nil])
    #expect(table.rows.map { $0.rating == nil } == [false, true, true])
    #expect(table.rows[1].exclusion?.reason == reason)
    #expect(table.rows[1].score?.points["I.1"] == 40)
    #expect(table.rows[2].exclusion == .noSheet("C"))
    #expect(table.rows[2].score == nil)
    #expect(table.row(of: "A")?.score?.points["I.1"] == 20, "B is no standard for A")
  }

  @Test("Sheets of units that are not members are left out")
  func strangers() throws {
    let table = try ranking([sheet("A"), sheet("Z", actual: 500)], members: ["A"])
    #expect(table.rows.map(\.unit.code) == ["A"])
    #expect(table.rows[0].score?.points["I.1"] == 20)
  }

  @Test(
    "Classes begin exactly at their thresholds",
    arguments: [
      ("95", Rating.excellent), ("94.99", .good), ("85", .good), ("84.99", .completed),
      ("70", .completed), ("69.99", .notCompleted),
    ])
  func thresholds(total: String, rating: Rating) throws {
    // One leaf without target whose points are the actual figure out of 100.
    let scheme = smallScheme(
      criteria: [
        Criterion(code: "I", parent: nil, name: text("I"), kind: .group, maximum: 100),
        Criterion(code: "I.1", parent: "I", name: text("I.1"), kind: .quantitative, maximum: 100),
      ], tieRule: [.ballot])
    func sheet(_ unit: String, _ actual: Decimal) -> SelfScoreSheet {
      SelfScoreSheet(
        blocPeriod: key, unit: unit, figures: ["I.1": .quantity(actual: actual, target: nil)])
    }
    let table = try ranking([sheet("L", 100), sheet("A", decimal(total))], scheme: scheme)
    #expect(table.row(of: "A")?.score?.total == decimal(total))
    #expect(table.row(of: "A")?.rating == rating)
  }

  @Test("A leaf below its least percentage keeps a unit out of the class")
  func minimumPercentage() throws {
    let strict = smallScheme(thresholds: [
      RatingThreshold(rating: .excellent, atLeast: 60, minimumPercentage: 50),
      RatingThreshold(rating: .good, atLeast: 59, minimumPercentage: 33),
      RatingThreshold(rating: .completed, atLeast: 50, minimumPercentage: 0),
    ])
    let table = try ranking(
      [
        sheet("A", actual: 100, occurrences: 2), sheet("B", actual: 100, occurrences: 1),
        sheet("C", actual: 100, occurrences: 0),
      ], scheme: strict)
    #expect(table.rows.map(\.rating) == [.excellent, .good, .completed])
  }
}
