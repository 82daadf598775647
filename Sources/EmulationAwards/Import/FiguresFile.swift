import Foundation

/// `figures.csv`: one line for each unit that sent its form, its columns named after the leaves.
struct FiguresFile {
  private let table: SampleTable

  init(text: String) throws(SampleDamage) {
    table = try SampleTable(file: "figures.csv", text: text, required: ["unit"])
  }

  func read(
    _ scheme: ScoringScheme, key: BlocPeriodKey, units: Set<String>
  ) throws -> [SelfScoreSheet] {
    try checkColumns(scheme)
    try table.refuseRepeated("unit")
    let sheets = try table.rows.mapCollectingDamage { row throws(SampleDamage) in
      let unit = try row.code("unit")
      guard units.contains(unit) else { throw row.damage("unit", "there is no unit \(unit)") }
      var figures: [String: Figure] = [:]
      for leaf in scheme.leaves { figures[leaf.code] = try Self.figure(leaf, row) }
      return SelfScoreSheet(blocPeriod: key, unit: unit, figures: figures)
    }
    try check(sheets, scheme)
    return sheets
  }

  /// Every column belongs to a leaf, and every leaf has the columns that it cannot do without.
  private func checkColumns(_ scheme: ScoringScheme) throws {
    let allowed = Set(scheme.leaves.flatMap(\.columns)).union(["unit"])
    _ = try table.header.mapCollectingDamage { cell throws(SampleDamage) in
      guard allowed.contains(cell.text) else {
        throw cell.damage(table.file, "no criterion of the scheme has a column “\(cell.text)”")
      }
    }
    let present = Set(table.header.map(\.text))
    for leaf in scheme.leaves where !leaf.isAdjustment {
      guard let missing = leaf.columns.first(where: { !present.contains($0) }) else { continue }
      throw SampleDamage(
        file: table.file, line: table.header[0].line, column: 1,
        message: "the column “\(missing)” is missing")
    }
  }

  private static func figure(
    _ leaf: Criterion, _ row: SampleTable.Row
  ) throws(SampleDamage) -> Figure? {
    let code = leaf.code
    switch leaf.kind {
    case .group: return nil
    case .quantitative:
      let target = "\(code) target"
      return .quantity(
        actual: try row.decimal("\(code) actual"),
        target: row.optional(target).isEmpty ? nil : try row.decimal(target))
    case .qualitative: return .achieved(try row.yesOrNo("\(code) achieved"))
    case .perOccurrence: return .occurrences(try row.count("\(code) occurrences"))
    case .adjustment:
      return .adjustments(
        bonuses: try row.count("\(code) bonuses", default: 0),
        penalties: try row.count("\(code) penalties", default: 0))
    }
  }

  /// The same check as for a form; its problems are reported at their cells.
  private func check(_ sheets: [SelfScoreSheet], _ scheme: ScoringScheme) throws {
    var damages: [SampleDamage] = []
    for (sheet, row) in zip(sheets, table.rows) {
      do {
        try sheet.validate(against: scheme)
      } catch let rejected as SheetRejected {
        damages += rejected.problems.map {
          row.damage("\($0.criterion) \($0.field)", "\($0.criterion) \($0.field): \($0.message.en)")
        }
      }
    }
    if !damages.isEmpty { throw SampleRejected(damages: damages) }
  }
}

extension Criterion {
  /// The columns of a leaf in `figures.csv`.
  fileprivate var columns: [String] {
    switch kind {
    case .group: []
    case .quantitative: ["\(code) actual", "\(code) target"]
    case .qualitative: ["\(code) achieved"]
    case .perOccurrence: ["\(code) occurrences"]
    case .adjustment: ["\(code) bonuses", "\(code) penalties"]
    }
  }
}
