/// Rows under headings, laid out for the terminal's width.
///
/// A table too wide for its terminal first shortens the columns that may be shortened, the widest
/// first, and then leaves out the least important columns. Without a width nothing is shortened.
struct Table {
  struct Column {
    enum Alignment { case left, right }

    var title: String
    var alignment = Alignment.left
    /// The columns it keeps at least when the table is too wide; nil: it is never shortened.
    var minimumWidth: Int?
    /// Columns above 0 are left out of a table that is still too wide, the greatest first.
    var expendability = 0
  }

  var columns: [Column]
  var rows: [[String]]

  private static let gap = "  "

  /// The lines of the table, without a line end.
  func lines(width: Int?) -> [String] {
    let cells = rows.map { $0.map { $0.printable() } }
    var layout = Layout(columns: columns, rows: cells)
    if let width { layout.fit(into: width, gap: Self.gap.count) }
    let shown = layout.shown
    return ([columns.map(\.title)] + cells).map { row in
      let padded = shown.map { pad(row[$0], to: layout.widths[$0], columns[$0].alignment) }
      return padded.joined(separator: Self.gap).trimmingTrailingSpaces()
    }
  }

  private func pad(_ text: String, to width: Int, _ alignment: Column.Alignment) -> String {
    let text = text.truncated(toWidth: width)
    let spaces = String(repeating: " ", count: max(0, width - DisplayWidth.of(text)))
    return alignment == .left ? text + spaces : spaces + text
  }
}

extension Table {
  /// Which columns are shown, and how wide.
  private struct Layout {
    let columns: [Column]
    var widths: [Int]
    var shown: [Int]

    init(columns: [Column], rows: [[String]]) {
      self.columns = columns
      shown = Array(columns.indices)
      widths = columns.indices.map { index in
        rows.reduce(DisplayWidth.of(columns[index].title)) {
          max($0, DisplayWidth.of($1[index]))
        }
      }
    }

    func excess(over width: Int, gap: Int) -> Int {
      shown.reduce(0) { $0 + widths[$1] } + gap * max(0, shown.count - 1) - width
    }

    mutating func fit(into width: Int, gap: Int) {
      let natural = widths
      while excess(over: width, gap: gap) > 0 {
        widths = natural
        if shorten(into: width, gap: gap) { return }
        guard let victim = mostExpendable() else { return }
        shown.removeAll { $0 == victim }
      }
      widths = natural
      _ = shorten(into: width, gap: gap)
    }

    /// Takes from the widest columns first; false if the minimum widths are still too wide.
    private mutating func shorten(into width: Int, gap: Int) -> Bool {
      while excess(over: width, gap: gap) > 0 {
        let candidates = shown.filter { widths[$0] > (columns[$0].minimumWidth ?? .max) }
        guard let widest = candidates.max(by: { widths[$0] < widths[$1] }) else { return false }
        widths[widest] -= 1
      }
      return true
    }

    private func mostExpendable() -> Int? {
      shown.filter { columns[$0].expendability > 0 }
        .max { columns[$0].expendability < columns[$1].expendability }
    }
  }
}

extension String {
  fileprivate func trimmingTrailingSpaces() -> String {
    var copy = self
    while copy.last == " " { copy.removeLast() }
    return copy
  }
}
