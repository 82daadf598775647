/// Text with bold and italic runs. Any Unicode form is accepted; it is drawn and extracted as NFC.
///
/// `"\n"` starts a new line; other control characters are refused when the document is rendered.
public struct StyledText: Sendable, Hashable, ExpressibleByStringInterpolation {
  /// A stretch of text of one face.
  public struct Run: Sendable, Hashable {
    public var text: String
    public var bold: Bool
    public var italic: Bool

    public init(_ text: String, bold: Bool = false, italic: Bool = false) {
      self.text = text
      self.bold = bold
      self.italic = italic
    }
  }

  public var runs: [Run]

  public init(runs: [Run]) { self.runs = runs }
  public init(_ text: String) { runs = [Run(text)] }
  public init(stringLiteral text: String) { self.init(text) }

  public static func bold(_ text: String) -> StyledText {
    StyledText(runs: [Run(text, bold: true)])
  }

  public static func italic(_ text: String) -> StyledText {
    StyledText(runs: [Run(text, italic: true)])
  }

  public static func + (left: StyledText, right: StyledText) -> StyledText {
    StyledText(runs: left.runs + right.runs)
  }

  /// The characters without their faces.
  public var plain: String { runs.map(\.text).joined() }
}
