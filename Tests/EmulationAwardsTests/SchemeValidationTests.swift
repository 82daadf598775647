import EmulationAwards
import Foundation
import Testing

struct SchemeValidationTests {
  @Test("A sound scheme passes")
  func sound() throws {
    #expect(try smallScheme().validated() == smallScheme())
  }

  @Test("A group whose maximum is not the sum of its criteria is named with both numbers")
  func groupSum() {
    let problems = problems(replacing: "I", maximum: 41)
    #expect(problems.map(\.place) == ["I"])
    #expect(problems.first?.message.contains("40, got: 41") == true)
  }

  @Test("A circular tree is rejected with its path")
  func circle() {
    let circular = [
      Criterion(code: "A", parent: "C", name: text("A"), kind: .group, maximum: 0),
      Criterion(code: "B", parent: "A", name: text("B"), kind: .group, maximum: 0),
      Criterion(code: "C", parent: "B", name: text("C"), kind: .group, maximum: 0),
      Criterion(code: "D", parent: "C", name: text("D"), kind: .qualitative, maximum: 5),
    ]
    let problems = problems(of: smallScheme(criteria: circular, tieRule: [.ballot]))
    #expect(problems.map(\.place) == ["A", "B", "C"])
    #expect(problems.first?.message.hasSuffix("A → C → B → A") == true)
  }

  @Test("A criterion cannot be its own parent, nor hang on a leaf or on nothing")
  func parents() {
    let broken = [
      Criterion(code: "A", parent: "A", name: text("A"), kind: .group, maximum: 5),
      Criterion(code: "B", parent: "X", name: text("B"), kind: .qualitative, maximum: 5),
      Criterion(code: "C", parent: "B", name: text("C"), kind: .qualitative, maximum: 5),
    ]
    let problems = problems(of: smallScheme(criteria: broken, tieRule: [.ballot]))
    #expect(problems.map(\.place) == ["A", "B", "C"])
  }

  @Test("A scheme without a tie rule is rejected")
  func tieRuleRequired() {
    #expect(problems(of: smallScheme(tieRule: [])).map(\.place) == ["tie_rule"])
  }

  @Test("A tie rule names existing groups and ends with the ballot")
  func tieRuleUsable() {
    #expect(problems(of: smallScheme(tieRule: [.ballot, .group("I")])).count == 1)
    #expect(problems(of: smallScheme(tieRule: [.group("IX"), .ballot])).count == 1)
  }

  @Test("Classes have to descend in rank and in points")
  func thresholds() {
    let equal = smallScheme(thresholds: [
      RatingThreshold(rating: .excellent, atLeast: 85, minimumPercentage: 0),
      RatingThreshold(rating: .good, atLeast: 85, minimumPercentage: 101),
    ])
    #expect(problems(of: equal).map(\.place) == ["class_good", "class_good"])
    #expect(problems(of: smallScheme(thresholds: [])).map(\.place) == ["classes"])
  }

  @Test("Adjustments stay out of scored groups")
  func mixed() {
    var criteria = smallCriteria
    criteria.append(
      Criterion(
        code: "I.9", parent: "I", name: text("I.9"),
        kind: .adjustment(bonus: 1, penalty: 0, lowest: 0, highest: 5), maximum: 0))
    #expect(problems(of: smallScheme(criteria: criteria)).map(\.place) == ["I"])
  }

  @Test("Numbers out of range and criteria that stand there twice are rejected")
  func numbers() {
    #expect(
      problems(replacing: "III.2", maximum: decimal("30.001")).contains { $0.place == "III.2" })
    #expect(problems(replacing: "III.1", maximum: 5).contains { $0.place == "III.1" })
    #expect(
      problems(of: smallScheme(criteria: smallCriteria + [smallCriteria[1]])).map(\.place)
        == ["I.1"])
  }

  private func problems(replacing code: String, maximum: Decimal) -> [SchemeRejected.Problem] {
    problems(
      of: smallScheme(
        criteria: smallCriteria.map {
          guard $0.code == code else { return $0 }
          return Criterion(
            code: $0.code, parent: $0.parent, name: $0.name, kind: $0.kind, maximum: maximum)
        }))
  }

  private func problems(of scheme: ScoringScheme) -> [SchemeRejected.Problem] {
    do {
      try scheme.validated()
      return []
    } catch let error as SchemeRejected {
      return error.problems
    } catch {
      Issue.record(error)
      return []
    }
  }
}
