/// Order statistics of some measurements.
package struct Spread: Sendable, Hashable {
  package let count: Int
  package let p50: Double
  package let p99: Double
  package let largest: Double

  /// By the nearest rank: the smallest value that so many percent do not exceed. nil where there is none.
  package init?(_ values: [Double]) {
    guard let last = values.max() else { return nil }
    let sorted = values.sorted()
    func rank(_ share: Double) -> Double {
      sorted[max(0, Int((share * Double(sorted.count)).rounded(.up)) - 1)]
    }
    (count, p50, p99, largest) = (values.count, rank(0.5), rank(0.99), last)
  }
}
