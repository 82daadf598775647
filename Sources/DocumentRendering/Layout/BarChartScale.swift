import Foundation

/// The scale of a chart: from 0 to a round number, with ticks at round numbers.
struct BarChartScale: Equatable {
  let maximum: Double
  let step: Double

  /// A scale that reaches `extent`, or one that ends exactly at `end` if that is further.
  init(reaching extent: Double, end: Double? = nil) {
    let intervals = 6.0
    let end = end.flatMap { $0.isFinite && $0 >= extent && $0 > 0 ? $0 : nil }
    let extent = end ?? (extent > 0 ? extent : 1)
    let magnitude = pow(10, log10(extent / intervals).rounded(.down))
    let rough = extent / intervals / magnitude
    step = (rough <= 1 ? 1 : rough <= 2 ? 2 : rough <= 5 ? 5 : 10) * magnitude
    maximum = end ?? (extent / step - 1e-9).rounded(.up) * step
  }

  var ticks: [Double] {
    stride(from: 0, through: (maximum / step + 1e-9).rounded(.down), by: 1).map { $0 * step }
  }

  /// "0,5" or "20.000": as many digits after the comma as the step needs.
  func label(_ tick: Double) -> String {
    let digits = max(0, Int((-log10(step) - 1e-9).rounded(.up)))
    return VietnameseNumber.string(Decimal(tick), fractionDigits: digits)
  }
}
