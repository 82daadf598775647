/// A type that can be read from a column.
public protocol SQLDecodable {
  /// Throws `DatabaseError` of kind `.decoding` when the column is NULL or of an unfit type.
  static func decode(from value: SQLValue) throws -> Self
}

/// One value of a result in PostgreSQL's binary form, valid only during `decode(from:)`.
public struct SQLValue {
  /// nil for NULL.
  public let bytes: UnsafeRawBufferPointer?
  public let type: SQLType
  private let place: () -> String

  init(bytes: UnsafeRawBufferPointer?, type: SQLType, place: @escaping () -> String) {
    self.bytes = bytes
    self.type = type
    self.place = place
  }

  func element(bytes: UnsafeRawBufferPointer?, type: SQLType) -> SQLValue {
    SQLValue(bytes: bytes, type: type, place: { "an element of " + self.place() })
  }

  /// The bytes of a value that must not be NULL and must have one of the types.
  public func bytes(of types: Set<SQLType>, wanted: String) throws -> UnsafeRawBufferPointer {
    guard let bytes else { throw unexpectedNull(wanted: wanted) }
    guard types.contains(type) else { throw mismatch(wanted: wanted) }
    return bytes
  }

  /// The error for a value of the wrong type or with damaged bytes.
  public func mismatch(wanted: String) -> DatabaseError {
    .decoding("expected \(place()) to be \(wanted), got: \(type)")
  }

  /// The error for a NULL that the Swift type cannot hold.
  public func unexpectedNull(wanted: String) -> DatabaseError {
    .decoding("expected \(place()) to be \(wanted), got: NULL (decode an Optional to allow it)")
  }
}

extension Optional: SQLDecodable where Wrapped: SQLDecodable {
  public static func decode(from value: SQLValue) throws -> Wrapped? {
    value.bytes == nil ? nil : try Wrapped.decode(from: value)
  }
}
