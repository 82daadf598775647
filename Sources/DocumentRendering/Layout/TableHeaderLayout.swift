/// The header of a table: column titles, under group titles where columns have one.
struct TableHeaderLayout: Drawable {
  private struct Cell {
    var text: TextLayout
    var x: Double
    var width: Double
    /// From the top of the header, 0 to 1 rows; a column without group spans both.
    var rows: ClosedRange<Int>
  }

  private var cells: [Cell] = []
  private let groupHeight: Double
  private let titleHeight: Double

  init(_ table: DocumentTable, _ widths: [Double], _ typesetter: Typesetter) throws {
    let style = TextStyle(size: typesetter.typography.table, bold: true, alignment: .center)
    func cell(_ title: String, _ columns: Range<Int>, rows: ClosedRange<Int>) throws -> Cell {
      let width = widths[columns].reduce(0, +)
      let text = try typesetter.layout(title, style, width: width - 2 * TableLayout.padding.x)
      return Cell(
        text: text, x: widths[..<columns.lowerBound].reduce(0, +), width: width, rows: rows)
    }
    let grouped = table.groups.map(\.columns)
    for group in table.groups {
      cells.append(try cell(group.title, group.columns, rows: 0...0))
    }
    for (index, column) in table.columns.enumerated() {
      let isGrouped = grouped.contains { $0.contains(index) }
      let top = isGrouped || grouped.isEmpty ? 1 : 0
      cells.append(try cell(column.title, index..<index + 1, rows: top...1))
    }
    groupHeight = Self.height(of: cells.filter { $0.rows == 0...0 })
    let spanning = Self.height(of: cells.filter { $0.rows == 0...1 })
    titleHeight = max(Self.height(of: cells.filter { $0.rows == 1...1 }), spanning - groupHeight)
  }

  private static func height(of cells: [Cell]) -> Double {
    cells.map { $0.text.height + 2 * TableLayout.padding.y }.max() ?? 0
  }

  var height: Double { groupHeight + titleHeight }

  func draw(on canvas: Canvas, x: Double, y: Double) {
    for cell in cells {
      let top = cell.rows.lowerBound == 0 ? 0 : groupHeight
      let bottom = cell.rows.upperBound == 0 ? groupHeight : height
      canvas.outline(x: x + cell.x, y: y + top, width: cell.width, height: bottom - top)
      cell.text.draw(
        on: canvas, x: x + cell.x + TableLayout.padding.x,
        top: y + (top + bottom - cell.text.height) / 2)
    }
  }
}
