import Foundation

/// A file of settings, one a line, read by name.
struct SampleSettings {
  private let file: String
  private let rows: [String: SampleTable.Row]

  init(file: String, text: String) throws(SampleDamage) {
    let table = try SampleTable(file: file, text: text, required: ["setting", "value"])
    var rows: [String: SampleTable.Row] = [:]
    for row in table.rows {
      let name = try row.text("setting")
      guard rows.updateValue(row, forKey: name) == nil else {
        throw row.damage("setting", "the setting \(name) stands there twice")
      }
    }
    self.file = file
    self.rows = rows
  }

  /// Throws at a setting that nobody reads: most likely a slip of the pen.
  func checkNames(_ known: Set<String>) throws(SampleDamage) {
    for row in rows.values.sorted(by: { $0.line < $1.line }) {
      guard known.contains(row.optional("setting")) else {
        throw row.damage("setting", "there is no setting “\(row.optional("setting"))”")
      }
    }
  }

  func row(_ name: String) throws(SampleDamage) -> SampleTable.Row {
    guard let row = rows[name] else {
      throw SampleDamage(file: file, line: 0, column: 0, message: "the setting \(name) is missing")
    }
    return row
  }

  func has(_ name: String) -> Bool { rows[name] != nil }
  func text(_ name: String) throws(SampleDamage) -> String { try row(name).text("value") }
  func optional(_ name: String) -> String { rows[name]?.optional("value") ?? "" }
  func both(_ name: String) throws(SampleDamage) -> LocalizedText {
    try row(name).both("value", "english")
  }
  func code(_ name: String) throws(SampleDamage) -> String { try row(name).code("value") }
  func decimal(_ name: String) throws(SampleDamage) -> Decimal { try row(name).decimal("value") }
  func count(_ name: String) throws(SampleDamage) -> Int { try row(name).count("value") }
  func day(_ name: String) throws(SampleDamage) -> CalendarDay { try row(name).day("value") }
}
