import ArgumentParser
import Foundation

/// Moments as a person reads them.
enum TimeText {
  /// `2026-11-22 16:07:53 (3m 05s ago)`, in the time zone of the machine.
  static func moment(_ date: Date, now: Date, timeZone: TimeZone = .current) -> String {
    let span = now.timeIntervalSince(date)
    let distance =
      span >= 0
      ? DurationText.short(.seconds(span)) + " ago" : "in " + DurationText.short(.seconds(-span))
    return "\(stamp(date, timeZone: timeZone)) (\(distance))"
  }

  static func stamp(_ date: Date, timeZone: TimeZone = .current) -> String {
    date.formatted(
      Date.ISO8601FormatStyle(dateTimeSeparator: .space, timeZone: timeZone)
        .year().month().day().time(includingFractionalSeconds: false))
  }
}

extension TimeText {
  /// For an option's `transform`: a moment with its time zone.
  static func argument(_ text: String) throws -> Date {
    guard let date = try? Date(text, strategy: .iso8601) else {
      throw ValidationError("'\(text)' is no time; write 2026-03-01T08:00:00+07:00 or …Z")
    }
    return date
  }
}
