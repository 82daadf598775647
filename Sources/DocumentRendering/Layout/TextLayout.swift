import CPango
import Foundation

/// How one text is set.
struct TextStyle {
  var size: Double
  var bold = false
  var italic = false
  var alignment = TextAlignment.leading
  /// In points, of the first line only.
  var indent = 0.0
  /// A multiple of the single line distance.
  var lineSpacing = 1.0
  /// Breaks lines so that they are about equally long.
  var balanced = false

  var lineHeight: Double { size * DocumentFont.lineHeight * lineSpacing }
}

/// One text broken into lines of a width. It draws all or some of them.
final class TextLayout {
  private let handle: OpaquePointer
  private let style: TextStyle
  /// What the balanced layout is narrower than asked for.
  private var inset = 0.0
  /// Where each line starts, and how long it is.
  private(set) var lines: [(x: Double, width: Double)] = []

  /// Without a width the text is broken at `"\n"` only.
  init(_ text: StyledText, _ style: TextStyle, width: Double?, fonts: FontContext) throws {
    handle = pango_layout_new(fonts.context)
    self.style = style
    try setText(text, fonts: fonts)
    setParagraph(width: width)
    if style.balanced, let width { balance(within: width) }
    lines = measuredLines()
  }

  deinit { ong_object_unref(UnsafeMutableRawPointer(handle)) }

  var lineHeight: Double { style.lineHeight }
  var height: Double { Double(lines.count) * lineHeight }
  /// The length of the longest line.
  var naturalWidth: Double { lines.map(\.width).max() ?? 0 }

  /// Draws the lines of `range`, the first of them at `top`.
  func draw(_ range: Range<Int>? = nil, on canvas: Canvas, x: Double, top: Double) {
    let range = range ?? 0..<lines.count
    // Half of what a line has beyond its letters stands above them.
    let lead = (lineHeight - style.size * DocumentFont.lineHeight) / 2
    for (row, index) in range.enumerated() {
      guard let line = pango_layout_get_line_readonly(handle, Int32(index)) else { continue }
      let baseline = top + Double(row) * lineHeight + lead + style.size * DocumentFont.ascent
      canvas.text(line, x: x + inset + lines[index].x, baseline: baseline)
    }
  }

  private func setText(_ text: StyledText, fonts: FontContext) throws {
    let description = pango_font_description_new()
    defer { pango_font_description_free(description) }
    pango_font_description_set_family(description, DocumentFont.family)
    pango_font_description_set_absolute_size(description, style.size * Double(PANGO_SCALE))
    pango_layout_set_font_description(handle, description)

    let attributes = TextAttributes()
    var whole = ""
    for run in text.runs {
      let start = whole.utf8.count
      whole += run.text.precomposedStringWithCanonicalMapping
      attributes.setFace(
        bold: run.bold || style.bold, italic: run.italic || style.italic,
        range: start..<whole.utf8.count)
    }
    try Self.refuseControlCharacters(in: whole)
    pango_layout_set_attributes(handle, attributes.list)
    pango_layout_set_text(handle, whole, Int32(whole.utf8.count))
    guard pango_layout_get_unknown_glyphs_count(handle) == 0 else {
      throw DocumentRenderingError.unsupportedCharacters(
        fonts.unsupportedCharacters(in: whole), in: whole)
    }
  }

  private static func refuseControlCharacters(in text: String) throws {
    let controls: [Unicode.Scalar] = text.unicodeScalars.filter {
      $0.properties.generalCategory == .control && $0 != "\n"
    }
    guard controls.isEmpty else {
      throw DocumentRenderingError.unsupportedCharacters(controls, in: text)
    }
  }

  private func setParagraph(width: Double?) {
    pango_layout_set_wrap(handle, PANGO_WRAP_WORD_CHAR)
    pango_layout_set_indent(handle, pangoUnits(style.indent))
    pango_layout_set_justify(handle, style.alignment == .justified ? 1 : 0)
    pango_layout_set_alignment(handle, style.alignment.pango)
    if let width { pango_layout_set_width(handle, pangoUnits(width)) }
  }

  /// Takes the smallest width that needs no more lines.
  private func balance(within width: Double) {
    let count = pango_layout_get_line_count(handle)
    guard count > 1 else { return }
    var (tooNarrow, enough) = (0.0, width)
    while enough - tooNarrow > 1 {
      let middle = (tooNarrow + enough) / 2
      pango_layout_set_width(handle, pangoUnits(middle))
      if pango_layout_get_line_count(handle) > count || breaksWords {
        tooNarrow = middle
      } else {
        enough = middle
      }
    }
    pango_layout_set_width(handle, pangoUnits(enough))
    inset = (width - enough) / 2
  }

  private var breaksWords: Bool {
    var ink = PangoRectangle()
    var logical = PangoRectangle()
    pango_layout_get_extents(handle, &ink, &logical)
    return logical.width > pango_layout_get_width(handle)
  }

  private func measuredLines() -> [(x: Double, width: Double)] {
    guard let iterator = pango_layout_get_iter(handle) else { return [] }
    defer { pango_layout_iter_free(iterator) }
    var result: [(x: Double, width: Double)] = []
    repeat {
      var logical = PangoRectangle()
      pango_layout_iter_get_line_extents(iterator, nil, &logical)
      result.append((points(pango: logical.x), points(pango: logical.width)))
    } while pango_layout_iter_next_line(iterator) != 0
    return result
  }
}

/// Owner of a list of attributes while a layout is being filled.
private final class TextAttributes {
  let list = pango_attr_list_new()

  init() {
    // No other family may help out, and no hyphen may be added to the text.
    insert(pango_attr_fallback_new(0), 0..<Int(UInt32.max))
    insert(pango_attr_insert_hyphens_new(0), 0..<Int(UInt32.max))
  }

  deinit { pango_attr_list_unref(list) }

  func setFace(bold: Bool, italic: Bool, range: Range<Int>) {
    if bold { insert(pango_attr_weight_new(PANGO_WEIGHT_BOLD), range) }
    if italic { insert(pango_attr_style_new(PANGO_STYLE_ITALIC), range) }
  }

  private func insert(_ attribute: UnsafeMutablePointer<PangoAttribute>?, _ range: Range<Int>) {
    attribute?.pointee.start_index = UInt32(range.lowerBound)
    attribute?.pointee.end_index = UInt32(range.upperBound)
    pango_attr_list_insert(list, attribute)
  }
}

extension TextAlignment {
  var pango: PangoAlignment {
    switch self {
    case .leading, .justified: PANGO_ALIGN_LEFT
    case .center: PANGO_ALIGN_CENTER
    case .trailing: PANGO_ALIGN_RIGHT
    }
  }
}

private func pangoUnits(_ points: Double) -> Int32 {
  Int32((points * Double(PANGO_SCALE)).rounded())
}

private func points(pango units: Int32) -> Double { Double(units) / Double(PANGO_SCALE) }
