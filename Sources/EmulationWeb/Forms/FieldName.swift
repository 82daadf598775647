/// Names one input of a sheet: the leaf's code and which of its figures.
struct FieldName: Hashable, CustomStringConvertible {
  let criterion: String
  /// `actual`, `target`, `achieved`, `occurrences`, `bonuses` or `penalties`: the domain's words, in
  /// which it also reports problems.
  let field: String

  /// The input's name and id: `I.2.actual`.
  var description: String { "\(criterion).\(field)" }
}
