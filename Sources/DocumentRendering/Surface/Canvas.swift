import CPango

/// A grey tone: 0 is black, 1 is white. Documents are printed in black; tones are for charts.
typealias Tone = Double

/// Draws on the current page. Coordinates are points from the top left corner of the paper.
final class Canvas {
  private let cairo: OpaquePointer

  init(surface: OpaquePointer) { cairo = cairo_create(surface) }

  deinit { cairo_destroy(cairo) }

  func finishPage() { cairo_show_page(cairo) }

  func line(
    from start: (x: Double, y: Double), to end: (x: Double, y: Double), width: Double = 0.6,
    tone: Tone = 0, dashed: Bool = false
  ) {
    cairo_save(cairo)
    if dashed { cairo_set_dash(cairo, [2.5, 2], 2, 0) }
    setTone(tone)
    cairo_set_line_width(cairo, width)
    cairo_move_to(cairo, start.x, start.y)
    cairo_line_to(cairo, end.x, end.y)
    cairo_stroke(cairo)
    cairo_restore(cairo)
  }

  func horizontalLine(x: Double, y: Double, length: Double) {
    line(from: (x, y), to: (x + length, y))
  }

  func outline(x: Double, y: Double, width: Double, height: Double) {
    setTone(0)
    cairo_set_line_width(cairo, 0.6)
    cairo_rectangle(cairo, x, y, width, height)
    cairo_stroke(cairo)
  }

  func fill(x: Double, y: Double, width: Double, height: Double, tone: Tone) {
    setTone(tone)
    cairo_rectangle(cairo, x, y, width, height)
    cairo_fill(cairo)
  }

  func text(_ line: UnsafeMutablePointer<PangoLayoutLine>, x: Double, baseline: Double) {
    setTone(0)
    cairo_move_to(cairo, x, baseline)
    pango_cairo_show_layout_line(cairo, line)
  }

  private func setTone(_ tone: Tone) { cairo_set_source_rgb(cairo, tone, tone, tone) }
}
