import Foundation

extension SelfScoreSheet {
  /// Checks that there is a fitting figure for every leaf and nothing else.
  ///
  /// Limits: counts 0…100,000; actual figures and targets 0 to 999,999,999,999.99 with at most two
  /// decimals. Throws ``SheetRejected`` with all problems, in the order of the form.
  public func validate(against scheme: ScoringScheme) throws {
    let leaves = scheme.leaves
    var problems = leaves.flatMap { $0.problems(with: figures[$0.code]) }
    let strangers = Set(figures.keys).subtracting(leaves.map(\.code)).sorted()
    problems += strangers.map {
      SheetRejected.Problem(
        criterion: $0, field: "",
        message: LocalizedText(
          vi: "Không có tiêu chí này trong thang điểm", en: "No such criterion in the scheme"))
    }
    if !problems.isEmpty { throw SheetRejected(problems: problems) }
  }
}

/// The largest actual figure or target: products of three of its kind stay exact in `Decimal`.
let largestFigure = Decimal(string: "999999999999.99")!
let largestCount = 100_000

extension Criterion {
  fileprivate func problems(with figure: Figure?) -> [SheetRejected.Problem] {
    guard let figure else { return [problem("", vi: "Thiếu số liệu", en: "The figure is missing")] }
    switch (kind, figure) {
    case (.quantitative, .quantity(let actual, let target)):
      return check(actual, "actual") + (target.map { check($0, "target") } ?? [])
    case (.qualitative, .achieved): return []
    case (.perOccurrence, .occurrences(let count)): return check(count, "occurrences")
    case (.adjustment, .adjustments(let bonuses, let penalties)):
      return check(bonuses, "bonuses") + check(penalties, "penalties")
    default:
      return [
        problem(
          "", vi: "Loại số liệu không đúng với tiêu chí",
          en: "The figure does not fit this kind of criterion")
      ]
    }
  }

  private func check(_ value: Decimal, _ field: String) -> [SheetRejected.Problem] {
    if !value.isFinite || value < 0 || value > largestFigure {
      return [
        problem(
          field, vi: "Phải là số từ 0 đến 999.999.999.999,99",
          en: "Expected a number from 0 to 999,999,999,999.99")
      ]
    }
    guard value.hasTwoDecimals else {
      return [
        problem(field, vi: "Tối đa hai chữ số thập phân", en: "Expected at most two decimals")
      ]
    }
    return []
  }

  private func check(_ count: Int, _ field: String) -> [SheetRejected.Problem] {
    guard !(0...largestCount).contains(count) else { return [] }
    return [
      problem(
        field, vi: "Phải là số nguyên từ 0 đến 100.000",
        en: "Expected a whole number from 0 to 100,000")
    ]
  }

  private func problem(_ field: String, vi: String, en: String) -> SheetRejected.Problem {
    SheetRejected.Problem(criterion: code, field: field, message: LocalizedText(vi: vi, en: en))
  }
}
