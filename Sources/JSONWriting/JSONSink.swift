import Foundation

/// The text as it grows, and the containers that are open in it. Everything is appended, so a
/// container may be written into only while nothing has been written after it.
final class JSONSink {
  private struct Open {
    let serial: Int
    let isObject: Bool
    var count = 0
  }

  /// Names a container: its depth, and who it is among those that were ever open there.
  struct Place {
    let depth: Int
    let serial: Int
  }

  // One thread has this for the length of one call, and nothing here calls back while it changes these: to
  // ask for each byte whether somebody else does, is a sixth of the cost.
  @exclusivity(unchecked) private(set) var isBeyondUs = false
  @exclusivity(unchecked) private(set) var bytes: [UInt8] = []
  @exclusivity(unchecked) private var open: [Open] = []
  /// Containers above this depth have a value under way, which must be finished first.
  @exclusivity(unchecked) private var floor = 0
  @exclusivity(unchecked) private var serials = 0
  private let dates: (Date) -> String

  init(dates: @escaping (Date) -> String) {
    self.dates = dates
    bytes.reserveCapacity(256)
  }

  var position: Int { bytes.count }
  var isEmpty: Bool { bytes.isEmpty }

  func beyondUs() { isBeyondUs = true }

  /// Ready for another value. The memory is kept, unless somebody still has the bytes of the one before.
  func clear() {
    isBeyondUs = false
    bytes.removeAll(keepingCapacity: true)
    open.removeAll(keepingCapacity: true)
    floor = 0
  }

  // MARK: Values

  func write<Value: Encodable>(_ value: Value) throws {
    if writeAsFoundationDoes(value) { return }
    let outer = floor
    let start = position
    floor = open.count
    defer { floor = outer }
    do {
      try value.encode(to: ValueEncoder(sink: self, start: start))
    } catch {
      beyondUs()  // even if the caller goes on, for half a value stands there
      throw error
    }
    if isBeyondUs { return }
    close(to: floor)
    // A value that asked for no container; at the top it is an error.
    if position == start, outer > 0 || !open.isEmpty { append("{}") }
  }

  /// The types that a JSON encoder does not ask how they encode themselves.
  private func writeAsFoundationDoes<Value>(_ value: Value) -> Bool {
    if Value.self == Date.self, let date = value as? Date {
      write(dates(date))
    } else if Value.self == Data.self, let data = value as? Data {
      write(data.base64EncodedString())
    } else if Value.self == URL.self, let url = value as? URL {
      write(url.absoluteString)
    } else if Value.self == Decimal.self, let number = value as? Decimal {
      if number.isNaN { beyondUs() } else { append(number.description) }
    } else {
      return false
    }
    return true
  }

  func writeNull() { append("null") }
  func write(_ value: Bool) { append(value ? "true" : "false") }

  func write(_ value: some FixedWidthInteger) {
    var number = value.description
    number.withUTF8 { bytes.append(contentsOf: $0) }
  }

  func write(_ value: some BinaryFloatingPoint & CustomStringConvertible) {
    guard value.isFinite else { return beyondUs() }
    let number = value.description
    append(number.hasSuffix(".0") ? String(number.dropLast(2)) : number)
  }

  func write(_ value: String) {
    var value = value
    bytes.append(quote)
    value.withUTF8 { text in
      if text.contains(where: Self.needsEscape) {
        for byte in text { appendEscaped(byte) }
      } else {
        bytes.append(contentsOf: text)
      }
    }
    bytes.append(quote)
  }

  // MARK: Containers

  func begin(object isObject: Bool) -> Place {
    serials += 1
    open.append(Open(serial: serials, isObject: isObject))
    append(isObject ? "{" : "[")
    return Place(depth: open.count - 1, serial: serials)
  }

  /// Makes room for the next value of an array, or for what `key` names.
  func next(in place: Place, key: String? = nil) {
    guard isOpen(place), place.depth >= floor else { return beyondUs() }
    close(to: place.depth + 1)
    if open[place.depth].count > 0 { bytes.append(UInt8(ascii: ",")) }
    open[place.depth].count += 1
    if let key {
      write(key)
      bytes.append(UInt8(ascii: ":"))
    }
  }

  func count(of place: Place) -> Int { isOpen(place) ? open[place.depth].count : 0 }

  private func isOpen(_ place: Place) -> Bool {
    place.depth < open.count && open[place.depth].serial == place.serial
  }

  private func close(to depth: Int) {
    while open.count > depth {
      append(open.removeLast().isObject ? "}" : "]")
    }
  }

  // MARK: Bytes

  private let quote = UInt8(ascii: "\"")

  private func append(_ text: String) { bytes.append(contentsOf: text.utf8) }

  private static func needsEscape(_ byte: UInt8) -> Bool {
    byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\")
  }

  private func appendEscaped(_ byte: UInt8) {
    switch byte {
    case UInt8(ascii: "\""): append("\\\"")
    case UInt8(ascii: "\\"): append("\\\\")
    case UInt8(ascii: "\n"): append("\\n")
    case UInt8(ascii: "\r"): append("\\r")
    case UInt8(ascii: "\t"): append("\\t")
    case 0..<0x10: append("\\u000" + String(byte, radix: 16))
    case 0x10..<0x20: append("\\u00" + String(byte, radix: 16))
    default: bytes.append(byte)
    }
  }
}
