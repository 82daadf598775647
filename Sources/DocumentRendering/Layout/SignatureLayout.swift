/// The end of the document: recipients on the left, signature on the right, level with each other.
struct SignatureLayout: Drawable {
  private let authority: TextLayout?
  private let name: TextLayout?
  private let recipientsTitle: TextLayout?
  private let recipients: TextLayout?
  private let room: Double
  private let leftWidth: Double
  private let rightX: Double

  /// Returns nil for a document with neither.
  init?(_ document: AdministrativeDocument, _ typesetter: Typesetter) throws {
    guard document.signature != nil || !document.recipients.isEmpty else { return nil }
    let sizes = typesetter.typography
    leftWidth = typesetter.textWidth * 0.45
    rightX = typesetter.textWidth * 0.5
    let rightWidth = typesetter.textWidth - rightX
    room = points(sizes.signatureRoom)

    let bold = TextStyle(size: sizes.body, bold: true, alignment: .center, balanced: true)
    authority = try document.signature.map {
      try typesetter.layout(
        $0.authority.joined(separator: "\n").uppercased(), bold, width: rightWidth)
    }
    name = try document.signature?.name.map { try typesetter.layout($0, bold, width: rightWidth) }

    let items = Self.recipientLines(document.recipients)
    recipientsTitle =
      items.isEmpty
      ? nil
      : try typesetter.layout(
        "Nơi nhận:", TextStyle(size: sizes.recipientsTitle, bold: true, italic: true))
    recipients =
      items.isEmpty
      ? nil
      : try typesetter.layout(
        items, TextStyle(size: sizes.recipients), width: leftWidth)
  }

  /// Each recipient on a line of its own, the last one ended by a full stop.
  private static func recipientLines(_ recipients: [String]) -> String {
    recipients.enumerated().map { index, recipient in
      "- \(recipient)\(index == recipients.count - 1 ? "." : ";")"
    }.joined(separator: "\n")
  }

  private var leftHeight: Double { (recipientsTitle?.height ?? 0) + (recipients?.height ?? 0) }
  private var nameTop: Double { (authority?.height ?? 0) + room }
  private var rightHeight: Double { authority == nil ? 0 : nameTop + (name?.height ?? 0) }

  var height: Double { max(leftHeight, rightHeight) }

  func draw(on canvas: Canvas, x: Double, y: Double) {
    recipientsTitle?.draw(on: canvas, x: x, top: y)
    recipients?.draw(on: canvas, x: x, top: y + (recipientsTitle?.height ?? 0))
    authority?.draw(on: canvas, x: x + rightX, top: y)
    name?.draw(on: canvas, x: x + rightX, top: y + nameTop)
  }
}
