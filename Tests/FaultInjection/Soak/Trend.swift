/// How a measured value goes over the time of a run.
package struct Trend: Sendable {
  package let points: [(minute: Double, value: Double)]

  package init(_ points: [(minute: Double, value: Double)]) { self.points = points }

  /// The straight line that lies nearest (least squares): its rise a minute. Nil below three points.
  package var slope: Double? {
    guard points.count >= 3 else { return nil }
    let count = Double(points.count)
    let middle = points.map(\.minute).reduce(0, +) / count
    let mean = points.map(\.value).reduce(0, +) / count
    let spread = points.map { ($0.minute - middle) * ($0.minute - middle) }.reduce(0, +)
    guard spread > 0 else { return nil }
    return points.map { ($0.minute - middle) * ($0.value - mean) }.reduce(0, +) / spread
  }

  /// The points from one part of the run's time to another, such as 0.25 to 0.5.
  package func part(_ from: Double, _ to: Double) -> Trend {
    let end = points.last?.minute ?? 0
    return Trend(points.filter { $0.minute >= from * end && $0.minute <= to * end })
  }

  package var largest: Double? { points.map(\.value).max() }

  /// The value in the middle of the order.
  package var median: Double? {
    points.isEmpty ? nil : points.map(\.value).sorted()[points.count / 2]
  }

  /// Whether the last quarter is higher than the second, which begins when all is warm, by more than
  /// a part of it and what is left over.
  package func grows(byMoreThan part: Double, plus rest: Double) -> Bool {
    guard let before = self.part(0.25, 0.5).median, let after = self.part(0.75, 1).median else {
      return false
    }
    return after > before * (1 + part) + rest
  }
}
