import EmulationAwards
import Foundation
import Testing

@testable import EmulationWeb

private func form(_ changes: [String: String]) throws -> SheetForm {
  var fields = [
    "ban": "0", "I.1.actual": "1.250,5", "I.1.target": "1000", "I.2.occurrences": "4",
    "II.1.achieved": "1", "IV.1.bonuses": "1", "IV.2.penalties": "0",
  ]
  fields.merge(changes) { $1 }
  let body = fields.map { "\($0)=\($1.replacing("%", with: "%25"))" }.joined(separator: "&")
  let submitted = try #require(SubmittedForm(Array(body.utf8)))
  return try #require(SheetForm(submitted, scheme: SampleBloc.scheme))
}

struct SheetFormTests {
  @Test func `what was typed becomes figures`() throws {
    let figures = try form([:]).figures(for: SampleBloc.scheme)
    #expect(figures["I.1"] == .quantity(actual: Decimal(string: "1250.5")!, target: 1000))
    #expect(figures["I.2"] == .occurrences(4))
    #expect(figures["II.1"] == .achieved(true))
    #expect(figures["IV.1"] == .adjustments(bonuses: 1, penalties: 0))
  }

  @Test func `an empty target is no target`() throws {
    let figures = try form(["I.1.target": ""]).figures(for: SampleBloc.scheme)
    #expect(figures["I.1"] == .quantity(actual: Decimal(string: "1250.5")!, target: nil))
  }

  @Test(arguments: [
    ("I.1.actual", ""), ("I.1.actual", "97.5"), ("I.1.actual", "nhiều"), ("I.1.target", "1e3"),
    ("I.2.occurrences", "2,5"), ("I.2.occurrences", ""), ("II.1.achieved", ""),
    ("II.1.achieved", "2"), ("IV.2.penalties", "99999999999999999999"),
  ])
  func `each figure that cannot be read is named`(field: String, text: String) throws {
    let form = try form([field: text])
    let rejected = try #require(throws: SheetRejected.self) {
      try form.figures(for: SampleBloc.scheme)
    }
    #expect(rejected.problems.map { "\($0.criterion).\($0.field)" } == [field])
  }

  @Test func `a stored sheet shows the same text as was typed`() throws {
    let typed = try form(["I.1.actual": "1250,5"])
    let stored = SelfScoreSheet(
      blocPeriod: SampleBloc.key, unit: "CTD", figures: try typed.figures(for: SampleBloc.scheme))
    #expect(SheetForm(stored, scheme: SampleBloc.scheme) == typed)
  }

  @Test(arguments: ["", "-1", "x", "99999999999999999999999"])
  func `a form without a revision is no form of ours`(revision: String) throws {
    let submitted = try #require(SubmittedForm(Array("ban=\(revision)".utf8)))
    #expect(SheetForm(submitted, scheme: SampleBloc.scheme) == nil)
  }
}
