/// A value that can be bound to `$1`, `$2` … of a statement, and written by `CopyBinaryWriter`.
public protocol SQLParameter: Sendable {
  /// The type declared to the server. With `.inferred` the server chooses it from the context.
  static var sqlType: SQLType { get }

  /// Writes the value once, or writes NULL. Throws `DatabaseError` of kind `.invalidParameter`
  /// for a value that PostgreSQL cannot hold, such as text with a NUL character.
  func encode(into encoder: inout SQLEncoder) throws
}

/// Takes the bytes of one parameter.
public struct SQLEncoder {
  package private(set) var bytes: [UInt8]
  /// False inside arrays and binary COPY, where a value's text form is not allowed.
  let allowsText: Bool
  private(set) var isNull = false
  private(set) var isText = false

  init(allowsText: Bool, reusing bytes: [UInt8] = []) {
    self.allowsText = allowsText
    self.bytes = bytes
  }

  /// Makes the value SQL's NULL.
  public mutating func writeNull() { isNull = true }

  /// Appends bytes of the type's binary form.
  public mutating func write(_ some: some Sequence<UInt8>) { bytes.append(contentsOf: some) }

  /// Appends an integer in network byte order.
  public mutating func write<Integer: FixedWidthInteger>(_ value: Integer) {
    withUnsafeBytes(of: value.bigEndian) { bytes.append(contentsOf: $0) }
  }

  /// Appends UTF-8. Throws for a NUL character, which no text type of PostgreSQL can hold.
  public mutating func write(text: String) throws {
    let start = bytes.count
    bytes.append(contentsOf: text.utf8)
    if bytes[start...].contains(0) {
      throw DatabaseError.invalidParameter(
        "text contains a NUL character (U+0000), which PostgreSQL cannot store")
    }
  }

  /// The text form of a value whose type the server infers. libpq wants it to end with a zero.
  mutating func write(inferredText: String) throws {
    try write(text: inferredText)
    if allowsText {
      bytes.append(0)
      isText = true
    }
  }

  /// Starts a value with a length that is filled in by `endLengthPrefixed`.
  mutating func beginLengthPrefixed() -> Int {
    write(Int32(0))
    return bytes.count
  }

  mutating func endLengthPrefixed(_ start: Int) {
    let length = isNull ? -1 : Int32(bytes.count - start)
    withUnsafeBytes(of: length.bigEndian) { source in
      for index in 0..<4 { bytes[start - 4 + index] = source[index] }
    }
    isNull = false
  }

  /// Drops what a failed value left behind.
  mutating func truncate(to count: Int) {
    bytes.removeSubrange(count...)
    isNull = false
  }

  /// Makes room for the next parameter in the same storage.
  mutating func takeFormat() -> (isNull: Bool, isText: Bool) {
    defer { (isNull, isText) = (false, false) }
    return (isNull, isText)
  }
}

/// The NULL of no particular type.
public struct SQLNull: SQLParameter {
  public static var sqlType: SQLType { .inferred }

  public init() {}

  public func encode(into encoder: inout SQLEncoder) { encoder.writeNull() }
}

extension Optional: SQLParameter where Wrapped: SQLParameter {
  public static var sqlType: SQLType { Wrapped.sqlType }

  public func encode(into encoder: inout SQLEncoder) throws {
    guard let self else { return encoder.writeNull() }
    try self.encode(into: &encoder)
  }
}

/// Raw JSON text, bound and read as `jsonb` (read from `json` as well).
public struct JSONText: Hashable, Sendable, ExpressibleByStringLiteral {
  /// UTF-8 without checks: the server is the one that validates it.
  public var text: String

  public init(_ text: String) { self.text = text }
  public init(stringLiteral value: String) { text = value }
}
