/// A table as items of the column: title, header, rows, note.
struct TableLayout {
  static let padding = (x: 4.0, y: 2.5)
  /// How many rows no page separates at the start and at the end.
  private static let kept = 2

  private let table: DocumentTable
  private let typesetter: Typesetter
  private let widths: [Double]

  init(_ table: DocumentTable, _ typesetter: Typesetter) throws {
    try table.checkShape()
    self.table = table
    self.typesetter = typesetter
    widths = try TableColumnWidths(table, typesetter).points()
  }

  func items(keepWithPrevious: Bool) throws -> [FlowItem] {
    let head = try TableHeaderLayout(table, widths, typesetter)
    let title = try table.title.map { try self.title($0, keepWithPrevious) } ?? []
    let headItem = FlowItem(
      content: head, spaceBefore: 6,
      breakBefore: title.isEmpty && !keepWithPrevious ? .allowed : .forbidden)
    return try title + [headItem] + rows(under: head) + note()
  }

  private func title(_ text: String, _ keepWithPrevious: Bool) throws -> [FlowItem] {
    let style = TextStyle(
      size: typesetter.typography.body, bold: true, alignment: .center, balanced: true)
    return [
      FlowItem(
        content: TextBlock(try typesetter.layout(text, style, width: typesetter.textWidth)),
        spaceBefore: 10, breakBefore: keepWithPrevious ? .forbidden : .allowed)
    ]
  }

  /// Two rows stay with the header, and two with each other at the end. The others may begin a page,
  /// under a repeated header.
  private func rows(under head: TableHeaderLayout) throws -> [FlowItem] {
    let room = typesetter.geometry.textHeight - head.height
    return try table.rows.enumerated().flatMap { index, cells in
      let mayBreak = index >= Self.kept && index <= table.rows.count - Self.kept
      return try row(cells).slices(below: room).enumerated().map { part, slice in
        FlowItem(
          content: slice, breakBefore: part > 0 || mayBreak ? .allowed : .forbidden,
          runningHead: head)
      }
    }
  }

  private func row(_ cells: [TableCell]) throws -> TableRowLayout {
    let texts = try cells.indices.map { column in
      let style = TextStyle(
        size: typesetter.typography.table,
        alignment: cells[column].alignment ?? table.columns[column].alignment)
      return try typesetter.layout(
        cells[column].text, style, width: widths[column] - 2 * Self.padding.x)
    }
    return TableRowLayout(texts: texts, widths: widths)
  }

  private func note() throws -> [FlowItem] {
    guard let note = table.note else { return [] }
    let style = TextStyle(size: typesetter.typography.table - 1, italic: true)
    return [
      FlowItem(
        content: TextBlock(try typesetter.layout(note, style, width: typesetter.textWidth)),
        spaceBefore: 3, breakBefore: .forbidden)
    ]
  }
}

extension DocumentTable {
  fileprivate func checkShape() throws {
    guard !columns.isEmpty else {
      throw DocumentRenderingError.malformedTable("expected at least one column")
    }
    for (index, row) in rows.enumerated() where row.count != columns.count {
      throw DocumentRenderingError.malformedTable(
        "expected \(columns.count) cells in row \(index + 1), got: \(row.count)")
    }
    var end = 0
    for group in groups.sorted(by: { $0.columns.lowerBound < $1.columns.lowerBound }) {
      guard group.columns.lowerBound >= end, group.columns.upperBound <= columns.count,
        !group.columns.isEmpty
      else {
        throw DocumentRenderingError.malformedTable(
          "expected the group “\(group.title)” over columns of its own, got: \(group.columns)")
      }
      end = group.columns.upperBound
    }
  }
}
