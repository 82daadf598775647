/// Divides the text width among the columns of a table.
struct TableColumnWidths {
  private let table: DocumentTable
  private let typesetter: Typesetter

  init(_ table: DocumentTable, _ typesetter: Typesetter) {
    self.table = table
    self.typesetter = typesetter
  }

  /// Fixed and fitted columns first; the others share what is left.
  func points() throws -> [Double] {
    let rigid = try table.columns.indices.map(rigidWidth)
    let left = typesetter.textWidth - rigid.compactMap(\.self).reduce(0, +)
    let shares = table.columns.map(share).reduce(0, +)
    let narrowest = 2 * TableLayout.padding.x + typesetter.typography.table
    let widths = zip(table.columns, rigid).map { column, width in
      width ?? left * share(column) / shares
    }
    guard left >= -0.01, widths.allSatisfy({ $0 >= narrowest }) else {
      throw DocumentRenderingError.malformedTable(
        "expected columns that fit \(Int(typesetter.textWidth)) pt, "
          + "got: \(widths.map { Int($0) }) pt")
    }
    return widths
  }

  private func share(_ column: TableColumn) -> Double {
    if case .share(let part) = column.width { part } else { 0 }
  }

  private func rigidWidth(_ index: Int) throws -> Double? {
    switch table.columns[index].width {
    case .share: nil
    case .fixed(let millimetres): DocumentRendering.points(millimetres)
    case .fit: try fittingWidth(index)
    }
  }

  /// The longest cell, or the longest word of the title.
  private func fittingWidth(_ index: Int) throws -> Double {
    let size = typesetter.typography.table
    let words = table.columns[index].title.split { $0 == " " || $0 == "\n" }
    let title = try words.map {
      try typesetter.layout(String($0), TextStyle(size: size, bold: true)).naturalWidth
    }
    let cells = try table.rows.map {
      try typesetter.layout($0[index].text, TextStyle(size: size)).naturalWidth
    }
    // The last point keeps rounding from breaking the line after all.
    return ((title + cells).max() ?? 0) + 2 * TableLayout.padding.x + 1
  }
}
