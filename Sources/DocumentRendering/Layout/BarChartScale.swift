import Foundation

/// The scale of a chart: from 0 to a round number, with ticks at round numbers.
struct BarChartScale: Equatable {
  let maximum: Double
  let step: Double

  /// A scale that reaches `value`, or one that ends exactly at `end`.
  init(reaching value: Double, end: Double? = nil) {
    let intervals = 6.0
    let extent = max(end ?? value, 1e-6)
    let magnitude = pow(10, log10(extent / intervals).rounded(.down))
    let rough = extent / intervals / magnitude
    step = (rough <= 1 ? 1 : rough <= 2 ? 2 : rough <= 5 ? 5 : 10) * magnitude
    maximum = end ?? (extent / step - 1e-9).rounded(.up) * step
  }

  var ticks: [Double] {
    stride(from: 0, through: (maximum / step + 1e-9).rounded(.down), by: 1).map { $0 * step }
  }

  /// Digits after the comma that the ticks need.
  var fractionDigits: Int { max(0, Int((-log10(step)).rounded(.up))) }
}
