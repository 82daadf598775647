import EmulationAwards
import Foundation
import Testing

struct SheetValidationTests {
  @Test("A complete sheet passes")
  func complete() throws {
    try sheet("A").validate(against: smallScheme())
  }

  @Test("All problems come at once, in the order of the form")
  func allProblems() throws {
    var bad = sheet("A", actual: -1, target: decimal("0.001"), occurrences: -1)
    bad.figures["III.2"] = nil
    bad.figures["IV.1"] = .achieved(true)
    bad.figures["Z"] = .achieved(true)
    let error = #expect(throws: SheetRejected.self) { try bad.validate(against: smallScheme()) }
    #expect(
      error?.problems.map { "\($0.criterion) \($0.field)" } == [
        "I.1 actual", "I.1 target", "III.1 occurrences", "III.2 ", "IV.1 ", "Z ",
      ])
  }

  @Test("Figures that would not stay exact are refused", arguments: ["1000000000000", "NaN"])
  func tooLarge(actual: String) {
    let value = actual == "NaN" ? Decimal.nan : decimal(actual)
    #expect(throws: SheetRejected.self) {
      try sheet("A", actual: value).validate(against: smallScheme())
    }
  }
}
