import CPango
import Foundation

/// A PDF file that is written into memory.
final class PDFSurface {
  private let surface: OpaquePointer
  private let sink: ByteSink
  let canvas: Canvas

  init(geometry: PageGeometry) {
    sink = ByteSink()
    surface = cairo_pdf_surface_create_for_stream(
      appendToSink, Unmanaged.passUnretained(sink).toOpaque(), geometry.size.width,
      geometry.size.height)
    // The decree asks for 1.4 or newer; this one has the plain trailer that PDFLanguage reads.
    cairo_pdf_surface_restrict_to_version(surface, CAIRO_PDF_VERSION_1_4)
    canvas = Canvas(surface: surface)
  }

  deinit { cairo_surface_destroy(surface) }

  /// The creation date comes from the document: with the time of day two renderings would differ.
  func setMetadata(title: String, author: String, subject: String, date: DocumentDate) {
    set(CAIRO_PDF_METADATA_TITLE, title)
    set(CAIRO_PDF_METADATA_AUTHOR, author)
    set(CAIRO_PDF_METADATA_SUBJECT, subject)
    set(CAIRO_PDF_METADATA_CREATE_DATE, date.iso8601 + "T00:00:00+07:00")
  }

  private func set(_ key: cairo_pdf_metadata_t, _ value: String) {
    cairo_pdf_surface_set_metadata(surface, key, value.precomposedStringWithCanonicalMapping)
  }

  /// Adds an entry to the file's outline and returns its number, for entries below it.
  func addOutline(_ title: String, below parent: Int32, page: Int, y: Double) -> Int32 {
    cairo_pdf_surface_add_outline(
      surface, parent, title.precomposedStringWithCanonicalMapping, "page=\(page) pos=[0 \(y)]",
      CAIRO_PDF_OUTLINE_FLAG_OPEN)
  }

  /// Ends the file and returns its bytes. Nothing can be drawn afterwards.
  func finish() throws -> [UInt8] {
    cairo_surface_finish(surface)
    let status = cairo_surface_status(surface)
    guard status == CAIRO_STATUS_SUCCESS else {
      throw DocumentRenderingError.drawing(String(cString: cairo_status_to_string(status)))
    }
    return sink.bytes
  }
}

private final class ByteSink {
  var bytes: [UInt8] = []
}

private func appendToSink(
  context: UnsafeMutableRawPointer?, data: UnsafePointer<UInt8>?, length: UInt32
) -> cairo_status_t {
  guard let context else { return CAIRO_STATUS_WRITE_ERROR }
  let sink = Unmanaged<ByteSink>.fromOpaque(context).takeUnretainedValue()
  sink.bytes.append(contentsOf: UnsafeBufferPointer(start: data, count: Int(length)))
  return CAIRO_STATUS_SUCCESS
}
