/// Type name, abstract and the line under them.
struct TitleLayout: Drawable {
  private let typeName: TextLayout
  private let abstract: TextLayout
  private let width: Double

  init(_ title: DocumentTitle, _ typesetter: Typesetter) throws {
    var style = TextStyle(
      size: typesetter.typography.body, bold: true, alignment: .center, balanced: true)
    width = typesetter.textWidth
    typeName = try typesetter.layout(title.typeName.uppercased(), style, width: width)
    // A long abstract leaves white at both sides.
    style.lineSpacing = 1.05
    abstract = try typesetter.layout(title.abstract, style, width: width * 0.86)
  }

  var height: Double { typeName.height + abstract.height + HeaderLayout.ruleGap + 1 }

  func draw(on canvas: Canvas, x: Double, y: Double) {
    typeName.draw(on: canvas, x: x, top: y)
    abstract.draw(on: canvas, x: x + width * 0.07, top: y + typeName.height)
    // A third to a half of the text's length.
    canvas.centredRule(
      x: x, width: width, length: abstract.naturalWidth * 0.4,
      y: y + typeName.height + abstract.height + HeaderLayout.ruleGap)
  }
}

/// "Kính gửi:" with one addressee beside it, or several below it.
struct AddresseesLayout: Drawable {
  private let text: TextLayout
  private let inset: Double

  init(_ addressees: [String], _ typesetter: Typesetter) throws {
    let lines =
      addressees.count == 1
      ? "Kính gửi: \(addressees[0])."
      : "Kính gửi:\n"
        + addressees.enumerated().map { index, name in
          "- \(name)\(index == addressees.count - 1 ? "." : ";")"
        }.joined(separator: "\n")
    let style = TextStyle(size: typesetter.typography.body)
    let natural = try typesetter.layout(lines, style).naturalWidth
    let width = min(natural, typesetter.textWidth)
    text = try typesetter.layout(lines, style, width: width)
    inset = (typesetter.textWidth - width) / 2
  }

  var height: Double { text.height }

  func draw(on canvas: Canvas, x: Double, y: Double) {
    text.draw(on: canvas, x: x + inset, top: y)
  }
}
