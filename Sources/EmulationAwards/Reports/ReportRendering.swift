public import DocumentRendering

/// Turns a document into a file. Called on a thread that may block.
public protocol ReportRendering: Sendable {
  /// The file's format, as in `pdf`: part of the artefact's key and the file's extension.
  var format: String { get }
  /// Changes whenever an equal document would give another file; part of the artefact's key.
  var rendererVersion: Int { get }
  /// The whole file. The same document gives the same bytes.
  func render(_ document: AdministrativeDocument) throws -> [UInt8]
}

/// PDF by the layout of Decree 30/2020.
public struct PDFReports: ReportRendering {
  public init() {}

  public var format: String { "pdf" }
  public var rendererVersion: Int { DocumentRenderer.layoutVersion }

  public func render(_ document: AdministrativeDocument) throws -> [UInt8] {
    try DocumentRenderer().render(document).pdf
  }
}
