/// Turns a report's content into a file. Called on a thread that may block.
public protocol ReportRendering: Sendable {
  /// The file's format, as in `pdf`: part of the artefact's key and the file's extension.
  var format: String { get }
  /// Changes whenever equal content would give another file; part of the artefact's key.
  var templateVersion: Int { get }
  /// The whole file. The same content gives the same bytes.
  func render(_ content: ReportContent) throws -> [UInt8]
}
