/// Bytes as small hexadecimal digits.
enum HexText {
  static func of(_ bytes: some Sequence<UInt8>) -> String {
    bytes.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
  }

  /// Nil unless the text is just so many bytes.
  static func bytes(_ text: String, count: Int) -> [UInt8]? {
    guard text.utf8.count == 2 * count, text.utf8.allSatisfy({ $0 < 128 }) else { return nil }
    let digits = text.compactMap(\.hexDigitValue)
    guard digits.count == 2 * count else { return nil }
    return stride(from: 0, to: digits.count, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
  }
}
