import Histogram
import Synchronization

/// Collects latencies from any thread. Values over a minute count as a minute.
final class LatencyRecorder: Sendable {
  private static let longest: UInt64 = 60_000_000_000

  private let histogram = Mutex(
    Histogram<UInt64>(highestTrackableValue: longest, numberOfSignificantValueDigits: .three))

  /// What is before its time counts as no latency.
  func record(nanoseconds: Int64) {
    let value = min(UInt64(max(0, nanoseconds)), Self.longest)
    histogram.withLock { _ = $0.record(value) }
  }

  /// Nil: nothing was recorded.
  var summary: LatencySummary? {
    histogram.withLock { histogram in
      guard histogram.totalCount > 0 else { return nil }
      func milliseconds(_ percentile: Double) -> Double {
        Double(histogram.valueAtPercentile(percentile)) / 1e6
      }
      return LatencySummary(
        p50: milliseconds(50), p99: milliseconds(99), p999: milliseconds(99.9),
        max: Double(histogram.maxRecorded) / 1e6, count: Int(histogram.totalCount))
    }
  }
}
