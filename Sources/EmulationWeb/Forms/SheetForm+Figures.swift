import EmulationAwards
import Foundation

extension SheetForm {
  /// The figures that were typed, or every field that cannot be read as one. The domain checks
  /// ranges and completeness afterwards.
  ///
  /// - Throws: ``SheetRejected``, in the order of the form.
  func figures(for scheme: ScoringScheme) throws -> [String: Figure] {
    var reading = FigureReading(form: self)
    var figures: [String: Figure] = [:]
    for leaf in scheme.leaves { figures[leaf.code] = reading.figure(of: leaf) }
    guard reading.problems.isEmpty else { throw SheetRejected(problems: reading.problems) }
    return figures
  }
}

private struct FigureReading {
  let form: SheetForm
  var problems: [SheetRejected.Problem] = []

  mutating func figure(of leaf: Criterion) -> Figure? {
    switch leaf.kind {
    case .group: return nil
    case .quantitative:
      let target = form[FieldName(criterion: leaf.code, field: "target")]
      let readTarget = target.isEmpty ? nil : number(leaf, "target")
      return number(leaf, "actual").map { .quantity(actual: $0, target: readTarget) }
    case .qualitative:
      return choice(leaf, "achieved").map { .achieved($0) }
    case .perOccurrence:
      return count(leaf, "occurrences").map { .occurrences($0) }
    case .adjustment:
      let bonuses = leaf.fields.contains("bonuses") ? count(leaf, "bonuses") : 0
      let penalties = leaf.fields.contains("penalties") ? count(leaf, "penalties") : 0
      guard let bonuses, let penalties else { return nil }
      return .adjustments(bonuses: bonuses, penalties: penalties)
    }
  }

  private mutating func number(_ leaf: Criterion, _ field: String) -> Decimal? {
    guard let text = text(leaf, field) else { return nil }
    if let value = DecimalText.number(text) { return value }
    return fail(
      leaf, field, vi: "Phải là một số; phần thập phân viết sau dấu phẩy, ví dụ 97,5",
      en: "Expected a number; decimals follow a comma, as in 97,5")
  }

  private mutating func count(_ leaf: Criterion, _ field: String) -> Int? {
    guard let text = text(leaf, field) else { return nil }
    if let value = DecimalText.number(text), let count = Int(exactly: value as NSDecimalNumber) {
      return count
    }
    return fail(
      leaf, field, vi: "Phải là số nguyên, ví dụ 0, 1 hoặc 12",
      en: "Expected a whole number, such as 0, 1 or 12")
  }

  private mutating func choice(_ leaf: Criterion, _ field: String) -> Bool? {
    switch form[FieldName(criterion: leaf.code, field: field)] {
    case "1": true
    case "0": false
    default: fail(leaf, field, vi: "Chọn Đạt hoặc Không đạt", en: "Choose achieved or not achieved")
    }
  }

  private mutating func text(_ leaf: Criterion, _ field: String) -> String? {
    let text = form[FieldName(criterion: leaf.code, field: field)]
    return text.isEmpty
      ? fail(leaf, field, vi: "Chưa nhập số liệu", en: "The figure is missing") : text
  }

  private mutating func fail<Value>(
    _ leaf: Criterion, _ field: String, vi: String, en: String
  ) -> Value? {
    problems.append(
      SheetRejected.Problem(
        criterion: leaf.code, field: field, message: LocalizedText(vi: vi, en: en)))
    return nil
  }
}
