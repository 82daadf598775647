import EmulationAwards
import Foundation

/// Words the leaves of a scheme as inputs of a form.
struct SheetWording {
  let language: Language
  let scheme: ScoringScheme
  let form: SheetForm
  /// What is stored, where the form has to show it; nil otherwise.
  let stored: SheetForm?
  let score: UnitScore?
  let problems: [SheetRejected.Problem]
  let isOpen: Bool

  private var texts: Texts { Texts.of(language) }

  var groups: [SheetView.Group] {
    scheme.topGroups.map { group in
      SheetView.Group(
        code: group.code, name: language(group.name),
        groupLimit: group.maximum > 0 ? DecimalText.plain(group.maximum) : nil,
        leaves: leaves(under: group).map(leaf))
    }
  }

  var summary: [SheetView.Problem] {
    problems.map { problem in
      let leaf = scheme.criterion(problem.criterion)
      return SheetView.Problem(
        id: inputID(of: problem, leaf: leaf),
        label: [problem.criterion, leaf.map { language($0.name) }, label(problem.field)]
          .compactMap(\.self).filter { !$0.isEmpty }.joined(separator: " · "),
        message: language(problem.message))
    }
  }

  /// All leaves below a group, at any depth, in the order of the form; a leaf at the top is its own.
  private func leaves(under criterion: Criterion) -> [Criterion] {
    guard criterion.isGroup else { return [criterion] }
    return scheme.children(of: criterion.code).flatMap(leaves)
  }

  private func leaf(_ leaf: Criterion) -> SheetView.Leaf {
    SheetView.Leaf(
      code: leaf.code, name: language(leaf.name), rule: rule(of: leaf),
      limit: leaf.maximum > 0 ? DecimalText.plain(leaf.maximum) : nil,
      pointsNow: score?.points[leaf.code].map(language.points),
      inputs: leaf.fields.map { input(leaf, $0) })
  }

  private func input(_ leaf: Criterion, _ field: String) -> SheetView.Input {
    let name = FieldName(criterion: leaf.code, field: field)
    let problem = problems.first { inputID(of: $0, leaf: leaf) == name.description }
    let other = stored.flatMap { $0[name] == form[name] ? nil : shown($0[name], field) }
    let measure = language(leaf.measure)
    return SheetView.Input(
      id: name.description, label: label(field), measure: measure.isEmpty ? nil : measure,
      value: form[name], isChoice: field == "achieved", isYes: form[name] == "1",
      isNo: form[name] == "0", isCount: leaf.kind != .quantitative,
      hint: field == "target" ? texts.targetHint : nil,
      problem: problem.map { language($0.message) }, stored: other,
      isMarked: problem != nil || other != nil, isClosed: !isOpen)
  }

  /// A problem of a whole figure is shown at its first input.
  private func inputID(of problem: SheetRejected.Problem, leaf: Criterion?) -> String {
    let field = problem.field.isEmpty ? leaf?.fields.first ?? "" : problem.field
    return FieldName(criterion: problem.criterion, field: field).description
  }

  private func shown(_ text: String, _ field: String) -> String {
    switch (field, text) {
    case (_, ""): "–"
    case ("achieved", "1"): texts.achieved
    case ("achieved", _): texts.notAchieved
    default: text
    }
  }

  private func label(_ field: String) -> String {
    switch field {
    case "actual": texts.actual
    case "target": texts.target
    case "occurrences": texts.occurrences
    case "bonuses": texts.bonuses
    case "penalties": texts.penalties
    default: ""
    }
  }

  private func rule(of leaf: Criterion) -> String {
    switch leaf.kind {
    case .group: ""
    case .quantitative: texts.ruleQuantitative
    case .qualitative: texts.ruleQualitative
    case .perOccurrence(let points):
      "\(texts.rulePerOccurrence) \(DecimalText.plain(points)) \(texts.pointsUnit)."
    case .adjustment(let bonus, let penalty, let lowest, let highest):
      [
        bonus > 0
          ? "\(texts.ruleBonus) +\(DecimalText.plain(bonus)) (\(texts.atMost) \(DecimalText.plain(highest)))"
          : nil,
        penalty > 0
          ? "\(texts.rulePenalty) −\(DecimalText.plain(penalty)) (\(texts.atMost) \(DecimalText.plain(-lowest)))"
          : nil,
      ].compactMap(\.self).joined(separator: "; ").capitalisedFirst + "."
    }
  }
}

extension String {
  var capitalisedFirst: String { prefix(1).uppercased() + dropFirst() }
}
