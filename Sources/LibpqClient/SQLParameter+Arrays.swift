public import FoundationEssentials

/// An element of a one-dimensional array parameter or column.
public protocol SQLArrayElement: SQLParameter, SQLDecodable {
  /// The array's own type.
  static var arrayType: SQLType { get }
  /// The type of the elements in the array's header.
  static var elementType: SQLType { get }
}

extension SQLArrayElement {
  public static var elementType: SQLType { sqlType }
}

extension Bool: SQLArrayElement { public static var arrayType: SQLType { .boolArray } }
extension Int16: SQLArrayElement { public static var arrayType: SQLType { .int2Array } }
extension Int32: SQLArrayElement { public static var arrayType: SQLType { .int4Array } }
extension Int64: SQLArrayElement { public static var arrayType: SQLType { .int8Array } }
extension Double: SQLArrayElement { public static var arrayType: SQLType { .float8Array } }
extension UUID: SQLArrayElement { public static var arrayType: SQLType { .uuidArray } }
extension Date: SQLArrayElement { public static var arrayType: SQLType { .timestamptzArray } }
extension Decimal: SQLArrayElement { public static var arrayType: SQLType { .numericArray } }
extension Data: SQLArrayElement { public static var arrayType: SQLType { .byteaArray } }
extension JSONText: SQLArrayElement { public static var arrayType: SQLType { .jsonbArray } }
extension Int: SQLArrayElement {
  public static var arrayType: SQLType { .int8Array }
  public static var elementType: SQLType { .int8 }
}
extension String: SQLArrayElement {
  public static var arrayType: SQLType { .textArray }
  public static var elementType: SQLType { .text }
}
extension Optional: SQLArrayElement where Wrapped: SQLArrayElement {
  public static var arrayType: SQLType { Wrapped.arrayType }
  public static var elementType: SQLType { Wrapped.elementType }
}

/// `[UInt8]` is no array of numbers for SQL: it is bytea, as `Data` is.
extension UInt8: SQLParameter, SQLDecodable, SQLArrayElement {
  public static var sqlType: SQLType { .char }
  public static var arrayType: SQLType { .bytea }
  public func encode(into encoder: inout SQLEncoder) { encoder.write(self) }

  public static func decode(from value: SQLValue) throws -> UInt8 {
    let bytes = try value.bytes(of: [.char], wanted: "one byte")
    guard bytes.count == 1 else { throw value.mismatch(wanted: "one byte") }
    return bytes[0]
  }
}

extension Array: SQLParameter where Element: SQLArrayElement {
  public static var sqlType: SQLType { Element.arrayType }

  public func encode(into encoder: inout SQLEncoder) throws {
    // Compared by type: an empty array of anything can be cast to [UInt8].
    if Element.self == UInt8.self, let bytes = self as? [UInt8] { return encoder.write(bytes) }
    encoder.write(Int32(isEmpty ? 0 : 1))
    encoder.write(Int32(1))  // there may be NULLs
    encoder.write(Element.elementType.rawValue)
    if isEmpty { return }
    encoder.write(Int32(count))
    encoder.write(Int32(1))  // SQL's arrays start at 1
    var elements = SQLEncoder(allowsText: false)
    for element in self {
      let start = elements.beginLengthPrefixed()
      try element.encode(into: &elements)
      elements.endLengthPrefixed(start)
    }
    encoder.write(elements.bytes)
  }
}

extension Array: SQLDecodable where Element: SQLArrayElement {
  public static func decode(from value: SQLValue) throws -> [Element] {
    if Element.self == UInt8.self {
      let bytes = try value.bytes(of: [.bytea], wanted: "bytea")
      return unsafeBitCast([UInt8](bytes), to: [Element].self)
    }
    return try decodeElements(of: value)
  }

  private static func decodeElements(of value: SQLValue) throws -> [Element] {
    guard let bytes = value.bytes else { throw value.unexpectedNull(wanted: "an array") }
    var reader = ByteReader(bytes)
    guard let dimensions = reader.integer(Int32.self), reader.integer(Int32.self) != nil,
      let element = reader.integer(UInt32.self)
    else { throw value.mismatch(wanted: "an array") }
    if dimensions == 0 { return [] }
    guard dimensions == 1, let count = reader.integer(Int32.self),
      // Each element has a length of four bytes at least.
      reader.integer(Int32.self) != nil, count >= 0, Int(count) <= bytes.count / 4
    else { throw value.mismatch(wanted: "a one-dimensional array") }
    var elements: [Element] = []
    elements.reserveCapacity(Int(count))
    for _ in 0..<count {
      guard let field = reader.lengthPrefixed() else { throw value.mismatch(wanted: "an array") }
      let part = value.element(bytes: field, type: SQLType(rawValue: element))
      elements.append(try Element.decode(from: part))
    }
    return elements
  }
}
