import FoundationEssentials

/// The binary form of numeric: digits of base 10,000 with a weight, a sign and a display scale.
enum Numeric {
  private static let negative: UInt16 = 0x4000
  private static let notANumber: UInt16 = 0xC000

  static func encode(_ value: Decimal, into encoder: inout SQLEncoder) {
    if value.isNaN {
      for word in [0, 0, notANumber, 0] { encoder.write(word) }
      return
    }
    let parts = DecimalText(value.description)
    encoder.write(Int16(parts.groups.count))
    encoder.write(Int16(parts.weight))
    encoder.write(parts.isNegative ? negative : 0)
    encoder.write(Int16(parts.scale))
    for group in parts.groups { encoder.write(Int16(group)) }
  }

  /// nil: damaged, infinite, or with more digits than the 38 of `Decimal`.
  static func decode(_ bytes: UnsafeRawBufferPointer) -> Decimal? {
    var reader = ByteReader(bytes)
    guard let count = reader.integer(Int16.self), let weight = reader.integer(Int16.self),
      let sign = reader.integer(UInt16.self), let scale = reader.integer(Int16.self)
    else { return nil }
    if sign == notANumber { return .nan }
    guard sign == 0 || sign == negative, count >= 0 else { return nil }
    var groups: [Int] = []
    for _ in 0..<count {
      guard let group = reader.integer(Int16.self), 0..<10_000 ~= group else { return nil }
      groups.append(Int(group))
    }
    let text = plainText(groups, weight: Int(weight), scale: Int(scale))
    guard significantDigits(text) <= 38 else { return nil }
    return Decimal(string: (sign == negative ? "-" : "") + text)
  }

  private static func plainText(_ groups: [Int], weight: Int, scale: Int) -> String {
    func digits(_ position: Int) -> String {
      let index = weight - position
      let text = String(groups.indices.contains(index) ? groups[index] : 0)
      return String(repeating: "0", count: 4 - text.count) + text
    }
    let whole = weight >= 0 ? (0...weight).reversed().map(digits).joined() : "0"
    guard scale > 0 else { return whole }
    let fraction = (1...(scale + 3) / 4).map { digits(-$0) }.joined()
    return whole + "." + fraction.prefix(scale)
  }

  private static func significantDigits(_ text: String) -> Int {
    let digits = text.filter { $0 != "." }.drop { $0 == "0" }
    return digits.count - digits.reversed().prefix { $0 == "0" }.count
  }

  /// A plain decimal text ("-12.5") cut into groups of four digits around the point.
  private struct DecimalText {
    var isNegative: Bool
    var weight: Int
    var scale: Int
    var groups: [Int]

    init(_ text: String) {
      isNegative = text.hasPrefix("-")
      let parts = text.drop { $0 == "-" }.split(
        separator: ".", omittingEmptySubsequences: false)
      let whole = String(parts[0])
      let fraction = parts.count > 1 ? String(parts[1]) : ""
      scale = fraction.count
      let front = String(repeating: "0", count: (4 - whole.count % 4) % 4) + whole
      let back = fraction + String(repeating: "0", count: (4 - fraction.count % 4) % 4)
      weight = front.count / 4 - 1
      let digits = Array((front + back).utf8)
      groups = stride(from: 0, to: digits.count, by: 4).map { start in
        digits[start..<start + 4].reduce(0) { $0 * 10 + Int($1 - 48) }
      }
      while groups.first == 0 {
        groups.removeFirst()
        weight -= 1
      }
      while groups.last == 0 { groups.removeLast() }
      if groups.isEmpty { weight = 0 }
    }
  }
}
