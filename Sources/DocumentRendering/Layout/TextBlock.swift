/// Some lines of a text, as an item of the column.
struct TextBlock: Drawable {
  let text: TextLayout
  let lines: Range<Int>

  init(_ text: TextLayout, lines: Range<Int>? = nil) {
    self.text = text
    self.lines = lines ?? 0..<text.lines.count
  }

  var height: Double { Double(lines.count) * text.lineHeight }

  func draw(on canvas: Canvas, x: Double, y: Double) {
    text.draw(lines, on: canvas, x: x, top: y)
  }

  /// One item a line, so that a page may end inside the text; two lines stay together at its start
  /// and at its end.
  static func items(of text: TextLayout, spaceBefore: Double, keepWithPrevious: Bool) -> [FlowItem]
  {
    let count = text.lines.count
    return (0..<count).map { line in
      let divides = line >= 2 && line <= count - 2
      let mayBreak = line == 0 ? !keepWithPrevious : divides
      return FlowItem(
        content: TextBlock(text, lines: line..<line + 1), spaceBefore: line == 0 ? spaceBefore : 0,
        breakBefore: mayBreak ? .allowed : .forbidden)
    }
  }
}
