/// Sets texts of one document in its font and sizes.
struct Typesetter {
  let fonts: FontContext
  let typography: Typography
  let geometry: PageGeometry

  var textWidth: Double { geometry.textWidth }

  func layout(_ text: StyledText, _ style: TextStyle, width: Double? = nil) throws -> TextLayout {
    try TextLayout(text, style, width: width, fonts: fonts)
  }

  func layout(_ text: String, _ style: TextStyle, width: Double? = nil) throws -> TextLayout {
    try layout(StyledText(text), style, width: width)
  }
}
