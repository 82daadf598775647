/// Parts of JSON text, letter by letter as the server wrote them: a number of a payload must not
/// pass through a `Double` on its way to the person who looks at it.
enum RawJSON {
  /// The text of a member of the outermost object; nil if it is missing or null. `json` must be
  /// valid, as what PostgreSQL prints is.
  static func member(_ name: String, of json: String) -> String? {
    let bytes = Array(json.utf8)
    guard var position = bytes.firstIndex(of: UInt8(ascii: "{")) else { return nil }
    while position < bytes.count, bytes[position] != UInt8(ascii: "}") {
      let key = value(in: bytes, after: position + 1)
      let member = value(in: bytes, after: key.upperBound + 1)
      if bytes[key].elementsEqual("\"\(name)\"".utf8) {
        let text = String(decoding: bytes[member], as: UTF8.self)
        return text == "null" ? nil : text
      }
      position = member.upperBound
      while position < bytes.count, isBlank(bytes[position]) { position += 1 }
    }
    return nil
  }

  /// The range of the value that starts at or after `start`.
  private static func value(in bytes: [UInt8], after start: Int) -> Range<Int> {
    var first = min(start, bytes.count)
    while first < bytes.count, isBlank(bytes[first]) || bytes[first] == UInt8(ascii: ":") {
      first += 1
    }
    var depth = 0
    var inString = false
    var position = first
    while position < bytes.count {
      let byte = bytes[position]
      if inString {
        if byte == UInt8(ascii: "\\") {
          position += 1
        } else if byte == UInt8(ascii: "\"") {
          inString = false
        }
      } else {
        switch byte {
        case UInt8(ascii: "\""): inString = true
        case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
        case UInt8(ascii: "}"), UInt8(ascii: "]"):
          if depth == 0 { return first..<position }
          depth -= 1
        case UInt8(ascii: ","), UInt8(ascii: ":"):
          if depth == 0 { return first..<position }
        default: break
        }
      }
      position += 1
    }
    return first..<min(position, bytes.count)
  }

  private static func isBlank(_ byte: UInt8) -> Bool {
    byte == 0x20 || (0x09...0x0D).contains(byte)
  }
}
