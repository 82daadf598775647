import Dispatch

/// A point on the machine's monotonic clock. The pure parts of the worker are told the time.
struct Moment: Comparable, Hashable, Sendable {
  var nanoseconds: Int64

  static var now: Moment {
    Moment(nanoseconds: Int64(DispatchTime.now().uptimeNanoseconds))
  }

  /// Later than every other moment.
  static let never = Moment(nanoseconds: .max)

  static func < (a: Moment, b: Moment) -> Bool { a.nanoseconds < b.nanoseconds }

  static func + (moment: Moment, wait: Duration) -> Moment {
    let (sum, overflow) = moment.nanoseconds.addingReportingOverflow(wait.wholeNanoseconds)
    return overflow ? .never : Moment(nanoseconds: sum)
  }

  static func - (later: Moment, earlier: Moment) -> Duration {
    .nanoseconds(later.nanoseconds - earlier.nanoseconds)
  }
}

extension Duration {
  /// Whole nanoseconds, clamped to what fits (292 years).
  var wholeNanoseconds: Int64 {
    let (seconds, overflow) = components.seconds.multipliedReportingOverflow(by: 1_000_000_000)
    if overflow { return components.seconds < 0 ? .min : .max }
    return seconds + components.attoseconds / 1_000_000_000
  }
}
