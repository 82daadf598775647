import ArgumentParser
import Foundation

/// Spans of time in the few letters that a table has for them.
enum DurationText {
  /// `850ms`, `3.2s`, `4m 05s`, `2h 03m`, `5d 4h`; a minus sign before a negative one.
  static func short(_ duration: Duration) -> String {
    let milliseconds = duration / .milliseconds(1)
    if milliseconds < 0 { return "-" + short(.zero - duration) }
    if milliseconds < 999.5 { return "\(Int(milliseconds.rounded()))ms" }
    if milliseconds < 59_950 { return String(format: "%.1fs", milliseconds / 1000) }
    let seconds = Int((milliseconds / 1000).rounded())
    switch seconds {
    case ..<3600: return String(format: "%dm %02ds", seconds / 60, seconds % 60)
    case ..<86_400: return String(format: "%dh %02dm", seconds / 3600, seconds % 3600 / 60)
    default: return "\(seconds / 86_400)d \(seconds % 86_400 / 3600)h"
    }
  }

  /// The span between two moments, `–` if one is missing.
  static func between(_ start: Date?, and end: Date?) -> String {
    guard let start, let end else { return "–" }
    return short(.seconds(end.timeIntervalSince(start)))
  }

  /// What a person writes for a span: `500ms`, `90s`, `5m`, `2h`, `1d`, or parts joined: `1h30m`.
  /// nil if it is none, negative, or longer than a hundred years.
  static func parse(_ text: String) -> Duration? {
    var rest = Substring(text)
    var total = 0.0
    while !rest.isEmpty {
      let digits = rest.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
      let unit = rest.dropFirst(digits.count).prefix { $0.isLetter }
      guard let number = Double(digits), let factor = secondsOfUnit[String(unit)] else {
        return nil
      }
      total += number * factor
      rest = rest.dropFirst(digits.count + unit.count)
    }
    guard !text.isEmpty, total.isFinite, total <= 100 * 366 * 86_400 else { return nil }
    return .milliseconds(Int64((total * 1000).rounded()))
  }

  private static let secondsOfUnit = [
    "ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86_400,
  ]
}

extension DurationText {
  /// For an option's `transform`: the span, or an error that says how spans are written.
  static func argument(_ text: String) throws -> Duration {
    guard let duration = parse(text) else {
      throw ValidationError("'\(text)' is no span of time; write 500ms, 90s, 5m, 2h or 1d")
    }
    return duration
  }
}
