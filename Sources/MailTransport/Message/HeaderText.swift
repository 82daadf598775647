import Foundation

/// Unicode text in header fields: RFC 2047 encoded words, folded so that no line is longer than 76
/// characters.
enum HeaderText {
  private static let lineLength = 76
  private static let opening = "=?utf-8?B?"
  private static let closing = "?="

  /// The value of a field such as Subject. `prefix` is what already stands on the first line.
  static func unstructured(_ text: String, after prefix: String) -> String {
    let isPlain =
      text.utf8.allSatisfy { (0x20...0x7E).contains($0) } && !text.contains("=?")
      && text.utf8.count + prefix.utf8.count <= lineLength && text == text.trimmed
    return isPlain ? text : encodedWords(text, after: prefix)
  }

  /// A display name: a quoted string if it is ASCII, encoded words otherwise.
  static func phrase(_ text: String, after prefix: String) -> String {
    let isPlain =
      text.utf8.allSatisfy { (0x20...0x7E).contains($0) } && !text.contains("=?")
      && text.utf8.count * 2 + prefix.utf8.count <= lineLength
    guard isPlain else { return encodedWords(text, after: prefix) }
    let escaped = text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
    return "\"\(escaped)\""
  }

  /// No character is divided between two words (RFC 2047, section 5).
  private static func encodedWords(_ text: String, after prefix: String) -> String {
    var words: [String] = []
    var chunk: [UInt8] = []
    var room = lineLength - prefix.utf8.count
    func flush() {
      words.append(opening + Data(chunk).base64EncodedString() + closing)
      chunk = []
      room = lineLength - 1
    }
    for scalar in text.unicodeScalars {
      let bytes = Array(String(scalar).utf8)
      if !chunk.isEmpty, encodedLength(chunk.count + bytes.count) > room { flush() }
      chunk += bytes
    }
    flush()
    return words.joined(separator: "\r\n ")
  }

  private static func encodedLength(_ count: Int) -> Int {
    opening.utf8.count + (count + 2) / 3 * 4 + closing.utf8.count
  }
}

extension String {
  fileprivate var trimmed: String { trimmingCharacters(in: .whitespaces) }
}
