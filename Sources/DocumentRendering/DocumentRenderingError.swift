/// Why a document could not be rendered.
public enum DocumentRenderingError: Error, Hashable, CustomStringConvertible {
  /// The font family is not installed; no other one is taken in its place.
  case fontMissing(family: String, package: String)
  /// The font has no glyph for these characters, or they are control characters.
  case unsupportedCharacters([Unicode.Scalar], in: String)
  /// A table whose rows, groups or widths do not fit its columns.
  case malformedTable(String)
  /// A page whose margins leave no room for text.
  case malformedPage(String)
  /// cairo's own report, for example of memory that ran out.
  case drawing(String)

  public var description: String {
    switch self {
    case .fontMissing(let family, let package):
      "the font family \(family) is not installed: install the package \(package)"
    case .unsupportedCharacters(let scalars, let text):
      "expected characters of the document font, got: \(Self.names(scalars)) in “\(text.prefix(60))”"
    case .malformedTable(let reason): "malformed table: \(reason)"
    case .malformedPage(let reason): "malformed page: \(reason)"
    case .drawing(let reason): "cairo could not draw the document: \(reason)"
    }
  }

  private static func names(_ scalars: [Unicode.Scalar]) -> String {
    scalars.prefix(5)
      .map { "U+" + String($0.value, radix: 16, uppercase: true) }
      .joined(separator: ", ")
  }
}
