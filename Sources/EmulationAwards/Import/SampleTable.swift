import Foundation

/// A file's rows, each cell under the name of its column.
struct SampleTable {
  struct Row {
    let file: String
    let line: Int
    /// By column name; a column that the file leaves out is missing here.
    let cells: [String: DelimitedText.Cell]
  }

  let file: String
  let header: [DelimitedText.Cell]
  let rows: [Row]

  /// Throws if a required column is missing, one stands there twice, or a line has another number
  /// of cells than the header.
  init(file: String, text: String, required: [String]) throws(SampleDamage) {
    let lines = try DelimitedText(file: file, text: text).lines
    guard let header = lines.first else {
      throw SampleDamage(file: file, line: 0, column: 0, message: "the file is empty")
    }
    try Self.check(header, required: required, file: file)
    var rows: [Row] = []
    for cells in lines.dropFirst() { rows.append(try Self.row(cells, header: header, file: file)) }
    self.file = file
    self.header = header
    self.rows = rows
  }

  private static func check(
    _ header: [DelimitedText.Cell], required: [String], file: String
  ) throws(SampleDamage) {
    var seen: Set<String> = []
    for cell in header where !seen.insert(cell.text).inserted {
      throw cell.damage(file, "the column “\(cell.text)” stands there twice")
    }
    if let missing = required.first(where: { !seen.contains($0) }) {
      throw SampleDamage(
        file: file, line: header[0].line, column: 1,
        message: "expected the columns \(required.joined(separator: ", ")), missing: \(missing)")
    }
  }

  private static func row(
    _ cells: [DelimitedText.Cell], header: [DelimitedText.Cell], file: String
  ) throws(SampleDamage) -> Row {
    guard cells.count == header.count else {
      let place = cells.count > header.count ? cells[header.count] : cells[cells.count - 1]
      throw place.damage(file, "expected \(header.count) cells, got: \(cells.count)")
    }
    let pairs = zip(header.map(\.text), cells)
    return Row(
      file: file, line: cells[0].line, cells: Dictionary(uniqueKeysWithValues: Array(pairs)))
  }
}

extension DelimitedText.Cell {
  func damage(_ file: String, _ message: String) -> SampleDamage {
    SampleDamage(file: file, line: line, column: column, message: message)
  }
}

extension SampleTable.Row {
  func damage(_ column: String, _ message: String) -> SampleDamage {
    SampleDamage(
      file: file, line: cells[column]?.line ?? line, column: cells[column]?.column ?? 0,
      message: message)
  }

  /// Empty if the cell or its column is.
  func optional(_ column: String) -> String { cells[column]?.text ?? "" }

  func text(_ column: String) throws(SampleDamage) -> String {
    let text = optional(column)
    guard !text.isEmpty else {
      throw damage(column, "expected a value for \(column), got: nothing")
    }
    return text
  }

  func both(_ vi: String, _ en: String) throws(SampleDamage) -> LocalizedText {
    LocalizedText(vi: try text(vi), en: optional(en))
  }

  /// Capitals, digits, dots and hyphens, at most 32.
  func code(_ column: String) throws(SampleDamage) -> String {
    let text = try text(column)
    guard text.isCode else {
      throw damage(
        column, "expected a code of capitals, digits, “.” and “-”, got: \(text.prefix(40))")
    }
    return text
  }

  func decimal(_ column: String, default standard: Decimal? = nil) throws(SampleDamage) -> Decimal {
    let text = optional(column)
    if text.isEmpty, let standard { return standard }
    guard let number = DecimalText.number(text) else {
      throw damage(
        column, "expected a number like 1250 or 97,5 for \(column), got: \(text.quotedForMessage)")
    }
    return number
  }

  func count(_ column: String, default standard: Int? = nil) throws(SampleDamage) -> Int {
    let text = optional(column)
    if text.isEmpty, let standard { return standard }
    guard text.utf8.allSatisfy({ (48...57).contains($0) }), let number = Int(text),
      number <= largestCount
    else {
      throw damage(
        column,
        "expected a whole number from 0 to \(largestCount) for \(column), got: "
          + text.quotedForMessage)
    }
    return number
  }

  func day(_ column: String) throws(SampleDamage) -> CalendarDay {
    let text = optional(column)
    guard let day = CalendarDay(iso: text) else {
      throw damage(
        column, "expected a day like 2023-12-31 for \(column), got: \(text.quotedForMessage)")
    }
    return day
  }

  func yesOrNo(_ column: String) throws(SampleDamage) -> Bool {
    switch optional(column).lowercased() {
    case "có", "yes": return true
    case "không", "no": return false
    case let text:
      throw damage(column, "expected “có” or “không” for \(column), got: \(text.quotedForMessage)")
    }
  }
}

extension String {
  /// Whether the text can identify a unit, bloc, period, scheme or criterion.
  var isCode: Bool {
    (1...32).contains(utf8.count)
      && utf8.allSatisfy {
        (48...57).contains($0) || (65...90).contains($0) || $0 == 45 || $0 == 46
      }
  }

  fileprivate var quotedForMessage: String { isEmpty ? "nothing" : "“\(prefix(40))”" }
}
