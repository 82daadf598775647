import EmulationAwards
import Foundation

/// What stands in the inputs of a self-scoring form: text, as it was typed or as it is stored.
struct SheetForm: Equatable {
  private(set) var texts: [FieldName: String] = [:]
  /// The revision of the sheet that the form was filled from.
  let revision: Int

  subscript(name: FieldName) -> String { texts[name] ?? "" }

  /// The form of a stored sheet. Adjustments are rare, so a new sheet starts them at zero.
  init(_ sheet: SelfScoreSheet, scheme: ScoringScheme) {
    revision = sheet.revision
    for leaf in scheme.leaves {
      for (field, text) in Self.texts(of: sheet.figures[leaf.code], leaf: leaf)
      where leaf.fields.contains(field) {
        texts[FieldName(criterion: leaf.code, field: field)] = text
      }
    }
  }

  /// The form as it was sent; nil if it carries no revision.
  init?(_ submitted: SubmittedForm, scheme: ScoringScheme) {
    guard let revision = submitted[Self.revisionField].flatMap({ Int($0) }), revision >= 0 else {
      return nil
    }
    self.revision = revision
    for leaf in scheme.leaves {
      for field in leaf.fields {
        let name = FieldName(criterion: leaf.code, field: field)
        texts[name] = submitted[name.description]?.trimmingCharacters(in: .whitespacesAndNewlines)
      }
    }
  }

  static let revisionField = "ban"

  private static func texts(of figure: Figure?, leaf: Criterion) -> [(String, String)] {
    switch figure {
    case .quantity(let actual, let target):
      [("actual", DecimalText.plain(actual)), ("target", target.map(DecimalText.plain) ?? "")]
    case .achieved(let achieved): [("achieved", achieved ? "1" : "0")]
    case .occurrences(let count): [("occurrences", String(count))]
    case .adjustments(let bonuses, let penalties):
      [("bonuses", String(bonuses)), ("penalties", String(penalties))]
    case nil: leaf.isAdjustment ? leaf.fields.map { ($0, "0") } : []
    }
  }
}

extension Criterion {
  /// The inputs of a leaf, in the order of the form.
  var fields: [String] {
    switch kind {
    case .group: []
    case .quantitative: ["target", "actual"]
    case .qualitative: ["achieved"]
    case .perOccurrence: ["occurrences"]
    case .adjustment(let bonus, let penalty, _, _):
      (bonus > 0 ? ["bonuses"] : []) + (penalty > 0 ? ["penalties"] : [])
    }
  }
}
