public import Foundation

/// Until when an attempt of a job may start; after that the job is dropped with the state `expired`.
public struct JobExpiry: Sendable, Hashable {
  package enum Kind: Sendable, Hashable {
    case after(Duration)
    case at(Date)
  }

  package let kind: Kind

  /// This long from now, by the server's clock.
  public static func after(_ duration: Duration) -> JobExpiry { JobExpiry(kind: .after(duration)) }

  /// At this time, at most 100 years ahead.
  public static func at(_ date: Date) -> JobExpiry { JobExpiry(kind: .at(date)) }

  var delay: Duration? {
    if case .after(let duration) = kind { duration } else { nil }
  }

  var date: Date? {
    if case .at(let date) = kind { date } else { nil }
  }
}
