import Foundation

/// A bar chart as items of the column: title, legend, bars, axis. The items share one frame.
struct BarChartLayout {
  private let chart: BarChart
  private let typesetter: Typesetter
  private let frame: BarChartFrame

  init(_ chart: BarChart, _ typesetter: Typesetter) throws {
    self.chart = chart
    self.typesetter = typesetter
    frame = try BarChartFrame(chart, typesetter)
  }

  func items(keepWithPrevious: Bool) throws -> [FlowItem] {
    var parts: [(content: any Drawable, space: Double)] = []
    if let title = chart.title {
      let style = TextStyle(
        size: typesetter.typography.body, bold: true, alignment: .center, balanced: true)
      let text = try typesetter.layout(title, style, width: typesetter.textWidth)
      parts.append((TextBlock(text), 10))
    }
    if chart.series.count > 1 {
      parts.append((try BarChartLegend(chart.series, typesetter), 6))
    }
    parts.append((try BarChartMarks(chart, frame, typesetter), 4))
    for bar in chart.bars { parts.append((try BarLayout(bar, of: chart, frame, typesetter), 0)) }
    parts.append((try BarChartAxis(frame, typesetter), 0))
    return parts.enumerated().map { index, part in
      let breaks = index > 0 || keepWithPrevious
      return FlowItem(
        content: part.content, spaceBefore: part.space, breakBefore: breaks ? .forbidden : .allowed)
    }
  }
}

/// What all parts of a chart agree on: where bars begin and end, and what their length means.
struct BarChartFrame {
  let left: Double
  let width: Double
  /// The right edge of the values' column.
  let right: Double
  let scale: BarChartScale
  let marks: [Double]
  let isStacked: Bool

  init(_ chart: BarChart, _ typesetter: Typesetter) throws {
    let style = TextStyle(size: typesetter.typography.chart)
    let labels = try chart.bars.map { try typesetter.layout($0.label, style).naturalWidth }
    left = min(labels.max() ?? 0, typesetter.textWidth * 0.38) + 6
    let bold = TextStyle(size: style.size, bold: true)
    let values = try chart.bars.map {
      try typesetter.layout(chart.text(of: $0), bold).naturalWidth
    }
    right = typesetter.textWidth
    width = right - left - (values.max() ?? 0) - 10
    marks = chart.marks.map(\.value.double)
    let longest = chart.bars.map { $0.lengths.reduce(0, +) }.max() ?? 0
    scale = BarChartScale(reaching: max(longest, marks.max() ?? 0), end: chart.maximum?.double)
    isStacked = chart.series.count > 1
  }

  /// Where a value stands, from the left edge of the text.
  func x(_ value: Double) -> Double { left + width * value / scale.maximum }

  /// Grid and marks behind one part of the chart.
  func drawGrid(on canvas: Canvas, x: Double, y: Double, height: Double) {
    for tick in scale.ticks {
      let tickX = x + self.x(tick)
      canvas.line(
        from: (tickX, y), to: (tickX, y + height), width: tick == 0 ? 0.8 : 0.4,
        tone: tick == 0 ? 0 : 0.8)
    }
  }

  func drawMarks(on canvas: Canvas, x: Double, y: Double, height: Double) {
    for mark in marks {
      let markX = x + self.x(mark)
      canvas.line(
        from: (markX, y), to: (markX, y + height), width: 0.6, tone: 0.15, dashed: true)
    }
  }
}

extension BarChart {
  /// The number beside a bar.
  func text(of bar: Bar) -> String {
    VietnameseNumber.string(bar.total, fractionDigits: fractionDigits)
  }
}

extension Decimal {
  var double: Double { NSDecimalNumber(decimal: self).doubleValue }
}
