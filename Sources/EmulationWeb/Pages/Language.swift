import EmulationAwards
import Foundation

/// The languages of the pages: Vietnamese at the root, English below `/en`.
enum Language: String, CaseIterable, Sendable {
  case vi, en

  /// What the paths of this language begin with.
  var prefix: String { self == .vi ? "" : "/en" }

  /// The language that a path belongs to.
  init(path: String) {
    self = path == "/en" || path.hasPrefix("/en/") ? .en : .vi
  }

  func callAsFunction(_ text: LocalizedText) -> String { self == .vi ? text.vi : text.en }

  /// The text in the language that the page is not in; nil where both are the same.
  func other(_ text: LocalizedText) -> String? {
    text.vi == text.en ? nil : (self == .vi ? text.en : text.vi)
  }

  /// Points as they stand in every table of the house: two decimals after a comma, in both
  /// languages, since the figures are the same document.
  func points(_ value: Decimal) -> String {
    var (value, rounded) = (value, Decimal())
    NSDecimalRound(&rounded, &value, 2, .plain)
    let text = DecimalText.plain(rounded)
    let decimals = text.split(separator: ",").dropFirst().first?.count ?? 0
    let zeros = String(repeating: "0", count: 2 - decimals)
    return (text + (decimals == 0 ? "," : "") + zeros).replacing("-", with: "\u{2212}")
  }

  /// `10:21:05, 22/11/2026` by the clock of Hà Nội.
  func time(_ date: Date) -> String {
    let parts = Self.calendar.dateComponents(
      [.year, .month, .day, .hour, .minute, .second], from: date)
    func padded(_ number: Int?) -> String { String("0\(number ?? 0)".suffix(2)) }
    let clock = [parts.hour, parts.minute, parts.second].map(padded).joined(separator: ":")
    return "\(clock), \(padded(parts.day))/\(padded(parts.month))/\(parts.year ?? 0)"
  }

  /// Asia/Ho_Chi_Minh as a fixed offset: no summer time since 1975, and no need of zone files.
  private static let calendar: Calendar = {
    var calendar = Calendar(identifier: .gregorian)
    calendar.timeZone = TimeZone(secondsFromGMT: 7 * 3600)!
    return calendar
  }()
}
