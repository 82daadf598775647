public import Foundation

/// Numbers as Vietnamese documents write them: decimal comma and a dot between thousands.
public enum VietnameseNumber {
  /// "97,5" or "2.340.000". Rounds half away from zero to `fractionDigits`.
  public static func string(_ value: Decimal, fractionDigits: Int = 0) -> String {
    var value = value
    var rounded = Decimal()
    NSDecimalRound(&rounded, &value, fractionDigits, .plain)
    let parts = rounded.magnitude.description.split(
      separator: ".", omittingEmptySubsequences: false)
    let fraction = padded(parts.count > 1 ? String(parts[1]) : "", to: fractionDigits)
    let sign = rounded < 0 ? "-" : ""
    return sign + grouped(String(parts[0])) + (fraction.isEmpty ? "" : "," + fraction)
  }

  private static func padded(_ fraction: String, to digits: Int) -> String {
    fraction + String(repeating: "0", count: max(0, digits - fraction.count))
  }

  private static func grouped(_ digits: String) -> String {
    var result = ""
    for (index, digit) in digits.enumerated() {
      if index > 0, (digits.count - index).isMultiple(of: 3) { result.append(".") }
      result.append(digit)
    }
    return result
  }
}
