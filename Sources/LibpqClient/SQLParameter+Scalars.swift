public import FoundationEssentials

extension Bool: SQLParameter {
  public static var sqlType: SQLType { .bool }
  public func encode(into encoder: inout SQLEncoder) { encoder.write(UInt8(self ? 1 : 0)) }
}

extension Int16: SQLParameter {
  public static var sqlType: SQLType { .int2 }
  public func encode(into encoder: inout SQLEncoder) { encoder.write(self) }
}

extension Int32: SQLParameter {
  public static var sqlType: SQLType { .int4 }
  public func encode(into encoder: inout SQLEncoder) { encoder.write(self) }
}

extension Int64: SQLParameter {
  public static var sqlType: SQLType { .int8 }
  public func encode(into encoder: inout SQLEncoder) { encoder.write(self) }
}

/// An `Int` is like an untyped literal: the server infers smallint, integer, bigint or numeric from
/// the context and refuses what does not fit. Inside arrays and binary COPY it is a bigint.
extension Int: SQLParameter {
  public static var sqlType: SQLType { .inferred }

  public func encode(into encoder: inout SQLEncoder) throws {
    if encoder.allowsText {
      try encoder.write(inferredText: String(self))
    } else {
      encoder.write(Int64(self))
    }
  }
}

extension Double: SQLParameter {
  public static var sqlType: SQLType { .float8 }
  public func encode(into encoder: inout SQLEncoder) { encoder.write(bitPattern) }
}

/// A `String` is like a quoted literal: the server infers its type, so that it also fits date, uuid,
/// jsonb or an enum. Inside arrays and binary COPY it is text.
extension String: SQLParameter {
  public static var sqlType: SQLType { .inferred }

  public func encode(into encoder: inout SQLEncoder) throws {
    try encoder.write(inferredText: self)
  }
}

extension JSONText: SQLParameter {
  public static var sqlType: SQLType { .jsonb }

  public func encode(into encoder: inout SQLEncoder) throws {
    encoder.write(UInt8(1))  // version of jsonb's binary form
    try encoder.write(text: text)
  }
}

extension UUID: SQLParameter {
  public static var sqlType: SQLType { .uuid }

  public func encode(into encoder: inout SQLEncoder) {
    withUnsafeBytes(of: uuid) { encoder.write($0) }
  }
}

extension Data: SQLParameter {
  public static var sqlType: SQLType { .bytea }
  public func encode(into encoder: inout SQLEncoder) { encoder.write(self) }
}

/// A moment, bound as timestamptz with a resolution of one microsecond. `distantFuture` and
/// `distantPast` are PostgreSQL's `infinity` and `-infinity`.
extension Date: SQLParameter {
  public static var sqlType: SQLType { .timestamptz }

  public func encode(into encoder: inout SQLEncoder) throws {
    guard let microseconds = Timestamp.microseconds(from: self) else {
      throw DatabaseError.invalidParameter(
        "a date is outside of PostgreSQL's range (4713 BC to 294276 AD)")
    }
    encoder.write(microseconds)
  }
}

/// An exact number, bound as numeric.
extension Decimal: SQLParameter {
  public static var sqlType: SQLType { .numeric }

  public func encode(into encoder: inout SQLEncoder) {
    Numeric.encode(self, into: &encoder)
  }
}
