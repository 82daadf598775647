public import Foundation

/// Decimal numbers as people in Việt Nam write them in forms and sheets.
public enum DecimalText {
  /// Reads "97,5", "1.250.000", "1.250,75" or "12": a decimal comma, and dots only between groups of
  /// three digits. Spaces around are ignored. Nil for anything else, such as "97.5", "1e3" or more
  /// than 20 digits: a dot is never taken for a decimal sign.
  public static func number(_ text: some StringProtocol) -> Decimal? {
    let text = text.trimmingCharacters(in: .whitespaces)
    let negative = text.hasPrefix("-")
    let parts = text.dropFirst(negative ? 1 : 0).split(
      separator: ",", omittingEmptySubsequences: false)
    guard (1...2).contains(parts.count), let whole = digits(grouped: parts[0]) else { return nil }
    let fraction = parts.count == 2 ? parts[1] : "0"
    guard isDigits(fraction), whole.count + fraction.count <= 20 else { return nil }
    return Decimal(
      string: "\(negative ? "-" : "")\(whole).\(fraction)",
      locale: Locale(identifier: "en_US_POSIX"))
  }

  /// The shortest form with a decimal comma and no grouping: "97,5". `number` reads it back.
  public static func plain(_ value: Decimal) -> String {
    value.description.replacing(".", with: ",")
  }

  /// "1.250" → "1250"; nil if the dots do not part groups of three.
  private static func digits(grouped text: some StringProtocol) -> String? {
    let groups = text.split(separator: ".", omittingEmptySubsequences: false)
    guard groups.allSatisfy({ isDigits($0) }) else { return nil }
    if groups.count > 1 {
      guard (1...3).contains(groups[0].count), groups.dropFirst().allSatisfy({ $0.count == 3 })
      else { return nil }
    }
    return groups.joined()
  }

  private static func isDigits(_ text: some StringProtocol) -> Bool {
    !text.isEmpty && text.utf8.allSatisfy { (48...57).contains($0) }
  }
}
