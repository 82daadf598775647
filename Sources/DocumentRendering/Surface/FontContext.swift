import CPango

/// The font family of every document: Times metrics and all Vietnamese letters. Only this one is
/// used; a renderer that mixes in glyphs of another family prints visibly uneven text.
enum DocumentFont {
  static let family = "Tinos"
  static let package = "fonts-croscore"
  // From the family's hhea table, in parts of the size.
  static let ascent = 0.891
  static let lineHeight = 1.149
}

/// Owner of a pango font map and context. Pango font maps are not thread-safe, so that each
/// rendering makes its own; fontconfig's shared tables behind them are.
final class FontContext {
  private let map: OpaquePointer
  let context: OpaquePointer

  /// Throws `fontMissing` if the family is not installed.
  init(family: String = DocumentFont.family) throws {
    map = OpaquePointer(pango_cairo_font_map_new())
    pango_cairo_font_map_set_resolution(map, 72)  // one unit is one point
    context = pango_font_map_create_context(UnsafeMutablePointer(map))
    configure()
    guard hasFamily(family) else {
      throw DocumentRenderingError.fontMissing(family: family, package: DocumentFont.package)
    }
  }

  deinit {
    ong_object_unref(UnsafeMutableRawPointer(context))
    ong_object_unref(UnsafeMutableRawPointer(map))
  }

  /// Without these settings pango places glyphs on whole units, which prints uneven gaps.
  private func configure() {
    pango_context_set_round_glyph_positions(context, 0)
    pango_context_set_language(context, pango_language_from_string("vi"))
    let options = cairo_font_options_create()
    cairo_font_options_set_hint_style(options, CAIRO_HINT_STYLE_NONE)
    cairo_font_options_set_hint_metrics(options, CAIRO_HINT_METRICS_OFF)
    pango_cairo_context_set_font_options(context, options)
    cairo_font_options_destroy(options)
  }

  private func hasFamily(_ name: String) -> Bool {
    var families: UnsafeMutablePointer<UnsafeMutablePointer<PangoFontFamily>?>?
    var count: Int32 = 0
    pango_font_map_list_families(UnsafeMutablePointer(map), &families, &count)
    defer { g_free(families) }
    return (0..<Int(count)).contains {
      families?[$0].flatMap { pango_font_family_get_name($0) }.map { String(cString: $0) } == name
    }
  }

  /// The characters of `text` that the document font cannot show.
  func unsupportedCharacters(in text: String) -> [Unicode.Scalar] {
    let description = pango_font_description_new()
    pango_font_description_set_family(description, DocumentFont.family)
    defer { pango_font_description_free(description) }
    guard let font = pango_context_load_font(context, description) else { return [] }
    defer { ong_object_unref(UnsafeMutableRawPointer(font)) }
    return text.unicodeScalars.filter { pango_font_has_char(font, $0.value) == 0 }
  }
}
