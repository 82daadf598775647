/// The head of the first page: issuer and number on the left, national title, motto, place and
/// date on the right.
struct HeaderLayout: Drawable {
  static let nationalTitle = "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM"
  static let motto = "Độc lập - Tự do - Hạnh phúc"
  /// Distance between a text and the line under it.
  static let ruleGap = 2.5
  private static let columnGap = 8.0

  private let parent: TextLayout?
  private let issuer: TextLayout
  private let title: TextLayout
  private let motto: TextLayout
  private let number: TextLayout
  private let placeAndDate: TextLayout
  private let leftWidth: Double
  private let rightWidth: Double

  init(_ header: DocumentHeader, _ typesetter: Typesetter) throws {
    let sizes = typesetter.typography
    let heading = TextStyle(
      size: sizes.header, bold: true, alignment: .center, balanced: true)
    var plain = heading
    plain.bold = false
    let mottoStyle = TextStyle(size: sizes.motto, bold: true, alignment: .center)
    let natural = try typesetter.layout(
      Self.nationalTitle, TextStyle(size: sizes.header, bold: true))
    let right = natural.naturalWidth + 4
    let left = typesetter.textWidth - right - Self.columnGap
    parent = try header.parent.map {
      try typesetter.layout($0.uppercased(), plain, width: left)
    }
    issuer = try typesetter.layout(header.issuer.uppercased(), heading, width: left)
    title = try typesetter.layout(Self.nationalTitle, heading, width: right)
    motto = try typesetter.layout(Self.motto, mottoStyle, width: right)
    number = try typesetter.layout(
      header.number.line, TextStyle(size: sizes.number, alignment: .center), width: left)
    placeAndDate = try typesetter.layout(
      "\(header.place), \(header.date.vietnamese)",
      TextStyle(size: sizes.placeAndDate, italic: true, alignment: .center), width: right)
    (leftWidth, rightWidth) = (left, right)
  }

  private var rightX: Double { leftWidth + Self.columnGap }
  private var issuerBottom: Double { (parent?.height ?? 0) + issuer.height }
  private var mottoBottom: Double { title.height + motto.height }
  private var numberTop: Double { max(issuerBottom, mottoBottom) + Self.ruleGap + 8 }

  var height: Double { numberTop + max(number.height, placeAndDate.height) }

  func draw(on canvas: Canvas, x: Double, y: Double) {
    parent?.draw(on: canvas, x: x, top: y)
    issuer.draw(on: canvas, x: x, top: y + (parent?.height ?? 0))
    // A third to a half of the issuer's length.
    canvas.centredRule(
      x: x, width: leftWidth, length: issuer.naturalWidth * 0.42,
      y: y + issuerBottom + Self.ruleGap)

    title.draw(on: canvas, x: x + rightX, top: y)
    motto.draw(on: canvas, x: x + rightX, top: y + title.height)
    // As long as the motto.
    canvas.centredRule(
      x: x + rightX, width: rightWidth, length: motto.naturalWidth,
      y: y + mottoBottom + Self.ruleGap)

    number.draw(on: canvas, x: x, top: y + numberTop)
    placeAndDate.draw(on: canvas, x: x + rightX, top: y + numberTop)
  }
}

extension Canvas {
  /// A line of `length` in the middle of a column.
  func centredRule(x: Double, width: Double, length: Double, y: Double) {
    horizontalLine(x: x + (width - length) / 2, y: y, length: length)
  }
}
