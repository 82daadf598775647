/// A finished file.
public struct RenderedDocument: Sendable {
  /// A PDF 1.4 file. The same document always gives the same bytes.
  public let pdf: [UInt8]
  public let pageCount: Int
}

/// Renders administrative documents as PDF files.
///
/// Rendering is CPU work of about 10 to 40 ms that blocks its thread. Any number of threads may
/// render at the same time.
public struct DocumentRenderer: Sendable {
  /// Changes whenever the layout sets the same document in another way.
  public static let layoutVersion = 1

  public init() {}

  /// Throws `DocumentRenderingError`; nothing is written anywhere.
  public func render(_ document: AdministrativeDocument) throws -> RenderedDocument {
    let geometry = document.geometry
    guard geometry.textWidth >= points(60), geometry.textHeight >= points(60) else {
      throw DocumentRenderingError.malformedPage("expected at least 60 mm of text each way")
    }
    let typesetter = Typesetter(
      fonts: try FontContext(), typography: document.typography, geometry: geometry)
    let items = try DocumentLayout(document, typesetter).items()
    let placements = Paginator.placements(of: items, pageHeight: geometry.textHeight)
    let pages = Pages(items: items, placements: placements, typesetter: typesetter)
    return try pages.write(document)
  }

  /// The characters of `text` that the document font cannot show, for checks at input time.
  /// Throws if the font is not installed.
  public static func unsupportedCharacters(in text: String) throws -> [Unicode.Scalar] {
    try FontContext().unsupportedCharacters(in: text)
  }
}

/// The order of a document's parts.
struct DocumentLayout {
  private let document: AdministrativeDocument
  private let typesetter: Typesetter

  init(_ document: AdministrativeDocument, _ typesetter: Typesetter) {
    self.document = document
    self.typesetter = typesetter
  }

  func items() throws -> [FlowItem] {
    var items = [
      FlowItem(content: try HeaderLayout(document.header, typesetter)),
      FlowItem(content: try TitleLayout(document.title, typesetter), spaceBefore: 16),
    ]
    if !document.addressees.isEmpty {
      let addressees = try AddresseesLayout(document.addressees, typesetter)
      items.append(FlowItem(content: addressees, spaceBefore: 10))
    }
    var body = try BodyLayout(typesetter: typesetter).items(document.bodyWithEndMark)
    if !body.isEmpty { body[0].spaceBefore += 6 }
    items += body
    // The signature takes at least the end of the last paragraph with it.
    if let signature = try SignatureLayout(document, typesetter) {
      items.append(FlowItem(content: signature, spaceBefore: 14, breakBefore: .forbidden))
    }
    return items
  }
}

extension AdministrativeDocument {
  /// The body with "./." at the end of its last paragraph.
  var bodyWithEndMark: [DocumentBlock] {
    guard case .paragraph(var text)? = body.last, var run = text.runs.popLast() else { return body }
    if !run.text.hasSuffix("./.") {
      run.text = (run.text.hasSuffix(".") ? String(run.text.dropLast()) : run.text) + "./."
    }
    text.runs.append(run)
    return body.dropLast() + [.paragraph(text)]
  }
}
