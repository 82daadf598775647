/// Tones of the series, dark first. They stay apart on a black and white print.
func seriesTone(_ index: Int) -> Tone { [0.28, 0.58, 0.80, 0.45, 0.70][index % 5] }

/// One bar with its label and value.
struct BarLayout: Drawable {
  private let bar: BarChart.Bar
  private let frame: BarChartFrame
  private let label: TextLayout
  private let value: TextLayout

  init(
    _ bar: BarChart.Bar, of chart: BarChart, _ frame: BarChartFrame, _ typesetter: Typesetter
  ) throws {
    self.bar = bar
    self.frame = frame
    let size = typesetter.typography.chart
    label = try typesetter.layout(
      bar.label, TextStyle(size: size, alignment: .trailing), width: frame.left - 6)
    value = try typesetter.layout(
      chart.text(of: bar), TextStyle(size: size, bold: bar.isEmphasised))
  }

  /// Plain bars are lighter, so that an emphasised one stands out.
  private func tone(_ series: Int) -> Tone {
    seriesTone(frame.isStacked || bar.isEmphasised ? series : series + 1)
  }

  private var thickness: Double { value.lineHeight * 0.9 }

  var height: Double { max(label.height + 2, thickness + 6) }

  func draw(on canvas: Canvas, x: Double, y: Double) {
    frame.drawGrid(on: canvas, x: x, y: y, height: height)
    label.draw(on: canvas, x: x, top: y + (height - label.height) / 2)
    var end = 0.0
    for (index, length) in bar.lengths.enumerated() where length > 0 {
      let start = frame.x(end)
      end += length
      canvas.fill(
        x: x + start, y: y + (height - thickness) / 2, width: frame.x(end) - start,
        height: thickness, tone: tone(index))
    }
    frame.drawMarks(on: canvas, x: x, y: y, height: height)
    // In a column of their own: beside the bars, the marks would cross them.
    value.draw(
      on: canvas, x: x + frame.right - value.naturalWidth, top: y + (height - value.height) / 2)
  }
}

/// Numbers under the bars.
struct BarChartAxis: Drawable {
  private let frame: BarChartFrame
  private let labels: [TextLayout]

  init(_ frame: BarChartFrame, _ typesetter: Typesetter) throws {
    self.frame = frame
    labels = try frame.scale.ticks.map {
      try typesetter.layout(
        frame.scale.label($0), TextStyle(size: typesetter.typography.chart - 1))
    }
  }

  var height: Double { 4 + (labels.first?.height ?? 0) }

  func draw(on canvas: Canvas, x: Double, y: Double) {
    canvas.horizontalLine(x: x + frame.left, y: y, length: frame.width)
    for (tick, label) in zip(frame.scale.ticks, labels) {
      label.draw(on: canvas, x: x + frame.x(tick) - label.naturalWidth / 2, top: y + 3)
    }
  }
}

/// Names of the marks above the bars, in as many rows as keep them apart.
struct BarChartMarks: Drawable {
  private struct Label {
    var text: TextLayout
    var x: Double
    /// Counted from the bars upwards.
    var row: Int
  }

  private var labels: [Label] = []

  init(_ chart: BarChart, _ frame: BarChartFrame, _ typesetter: Typesetter) throws {
    let style = TextStyle(size: typesetter.typography.chart - 1, italic: true)
    var ends: [Double] = []  // of the last label in each row
    for mark in chart.marks.sorted(by: { $0.value < $1.value }) {
      let text = try typesetter.layout(mark.label, style)
      let x = frame.x(mark.value.double) - text.naturalWidth / 2
      let row = ends.firstIndex { $0 + 6 <= x } ?? ends.count
      if row == ends.count { ends.append(0) }
      ends[row] = x + text.naturalWidth
      labels.append(Label(text: text, x: x, row: row))
    }
  }

  private var rowHeight: Double { labels.map(\.text.height).max() ?? 0 }

  var height: Double { 2 + Double(1 + (labels.map(\.row).max() ?? 0)) * rowHeight }

  func draw(on canvas: Canvas, x: Double, y: Double) {
    for label in labels {
      let top = y + height - 1 - Double(label.row + 1) * rowHeight
      label.text.draw(on: canvas, x: x + label.x, top: top)
      let centre = x + label.x + label.text.naturalWidth / 2
      canvas.line(from: (centre, top + rowHeight), to: (centre, y + height), width: 0.4, tone: 0.5)
    }
  }
}

/// Names of the series beside patches of their tones.
struct BarChartLegend: Drawable {
  private let labels: [TextLayout]
  private let inset: Double
  private static let patch = 9.0

  init(_ series: [String], _ typesetter: Typesetter) throws {
    let style = TextStyle(size: typesetter.typography.chart)
    labels = try series.map { try typesetter.layout($0, style) }
    let total = labels.reduce(0) { $0 + Self.advance($1) }
    inset = max(0, (typesetter.textWidth - total) / 2)
  }

  private static func advance(_ label: TextLayout) -> Double { patch + 4 + label.naturalWidth + 14 }

  var height: Double { labels.first?.height ?? 0 }

  func draw(on canvas: Canvas, x: Double, y: Double) {
    var left = x + inset
    for (index, label) in labels.enumerated() {
      canvas.fill(
        x: left, y: y + (height - Self.patch) / 2, width: Self.patch, height: Self.patch,
        tone: seriesTone(index))
      label.draw(on: canvas, x: left + Self.patch + 4, top: y)
      left += Self.advance(label)
    }
  }
}
