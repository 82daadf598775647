/// One row of cells, or a slice of a row that is higher than a page.
struct TableRowLayout: Drawable {
  let texts: [TextLayout]
  let widths: [Double]
  /// Which lines of the cells are shown; nil for all.
  private var lines: Range<Int>?

  init(texts: [TextLayout], widths: [Double]) {
    self.texts = texts
    self.widths = widths
  }

  private var lineHeight: Double { texts.first?.lineHeight ?? 0 }
  private var lineCount: Int { texts.map(\.lines.count).max() ?? 0 }
  private var shown: Range<Int> { lines ?? 0..<lineCount }

  var height: Double { Double(shown.count) * lineHeight + 2 * TableLayout.padding.y }

  /// The row itself, or as many slices as it takes to stay below `room`.
  func slices(below room: Double) -> [TableRowLayout] {
    guard height > room, lineHeight > 0 else { return [self] }
    let count = max(1, Int((room - 2 * TableLayout.padding.y) / lineHeight))
    return stride(from: 0, to: lineCount, by: count).map { start in
      var slice = self
      slice.lines = start..<min(start + count, lineCount)
      return slice
    }
  }

  func draw(on canvas: Canvas, x: Double, y: Double) {
    var left = x
    for (text, width) in zip(texts, widths) {
      canvas.outline(x: left, y: y, width: width, height: height)
      let visible = shown.clamped(to: 0..<text.lines.count)
      // Short cells stand in the middle of their row.
      let slack = height - Double(visible.count) * lineHeight
      let top = lines == nil ? slack / 2 : TableLayout.padding.y
      text.draw(visible, on: canvas, x: left + TableLayout.padding.x, top: y + top)
      left += width
    }
  }
}
