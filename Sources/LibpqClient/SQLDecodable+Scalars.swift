public import FoundationEssentials

extension SQLValue {
  /// Any integer column; nil when it is none.
  var integer: Int64? {
    guard let bytes else { return nil }
    var reader = ByteReader(bytes)
    switch type {
    case .int8, .xid8: return reader.integer(Int64.self)
    case .int4: return reader.integer(Int32.self).map(Int64.init)
    case .int2: return reader.integer(Int16.self).map(Int64.init)
    case .oid: return reader.integer(UInt32.self).map(Int64.init)
    default: return nil
    }
  }

  /// Any integer column whose value fits.
  fileprivate func integer<Integer: FixedWidthInteger>(as: Integer.Type) throws -> Integer {
    if bytes == nil { throw unexpectedNull(wanted: "an integer") }
    guard let value = integer else { throw mismatch(wanted: "an integer (cast it in the query)") }
    guard let fitting = Integer(exactly: value) else {
      throw mismatch(wanted: "within the range of \(Integer.self)")
    }
    return fitting
  }
}

extension Int16: SQLDecodable {
  public static func decode(from value: SQLValue) throws -> Int16 { try value.integer(as: self) }
}
extension Int32: SQLDecodable {
  public static func decode(from value: SQLValue) throws -> Int32 { try value.integer(as: self) }
}
extension Int64: SQLDecodable {
  public static func decode(from value: SQLValue) throws -> Int64 { try value.integer(as: self) }
}
extension Int: SQLDecodable {
  public static func decode(from value: SQLValue) throws -> Int { try value.integer(as: self) }
}

extension Bool: SQLDecodable {
  public static func decode(from value: SQLValue) throws -> Bool {
    let bytes = try value.bytes(of: [.bool], wanted: "bool")
    guard bytes.count == 1 else { throw value.mismatch(wanted: "bool") }
    return bytes[0] != 0
  }
}

extension Double: SQLDecodable {
  public static func decode(from value: SQLValue) throws -> Double {
    var reader = ByteReader(try value.bytes(of: [.float4, .float8], wanted: "a float"))
    if value.type == .float4, let bits = reader.integer(UInt32.self) {
      return Double(Float(bitPattern: bits))
    }
    guard let bits = reader.integer(UInt64.self) else { throw value.mismatch(wanted: "a float") }
    return Double(bitPattern: bits)
  }
}

extension Decimal: SQLDecodable {
  public static func decode(from value: SQLValue) throws -> Decimal {
    if let integer = value.integer { return Decimal(integer) }
    let wanted = "a number of at most 38 digits"
    let bytes = try value.bytes(of: [.numeric], wanted: wanted)
    guard let number = Numeric.decode(bytes) else { throw value.mismatch(wanted: wanted) }
    return number
  }
}

extension String: SQLDecodable {
  private static let types: Set<SQLType> = [
    .text, .varchar, .bpchar, .name, .unknown, .json, .jsonb, .char, .void,
  ]

  /// Text of any kind, JSON, and the labels of enums.
  public static func decode(from value: SQLValue) throws -> String {
    guard var bytes = value.bytes else { throw value.unexpectedNull(wanted: "text") }
    guard types.contains(value.type) || value.type.rawValue >= SQLType.firstUserDefined else {
      throw value.mismatch(wanted: "text (cast it in the query)")
    }
    if value.type == .jsonb { bytes = UnsafeRawBufferPointer(rebasing: bytes.dropFirst()) }
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw value.mismatch(wanted: "valid UTF-8")
    }
    return text
  }
}

extension JSONText: SQLDecodable {
  public static func decode(from value: SQLValue) throws -> JSONText {
    _ = try value.bytes(of: [.json, .jsonb], wanted: "json or jsonb")
    return JSONText(try String.decode(from: value))
  }
}

extension UUID: SQLDecodable {
  public static func decode(from value: SQLValue) throws -> UUID {
    let bytes = try value.bytes(of: [.uuid], wanted: "uuid")
    guard bytes.count == 16 else { throw value.mismatch(wanted: "uuid") }
    return UUID(uuid: bytes.loadUnaligned(as: uuid_t.self))
  }
}

extension Data: SQLDecodable {
  public static func decode(from value: SQLValue) throws -> Data {
    Data(try value.bytes(of: [.bytea], wanted: "bytea"))
  }
}

extension Date: SQLDecodable {
  /// timestamptz; timestamp read as UTC; date as its midnight in UTC.
  public static func decode(from value: SQLValue) throws -> Date {
    let wanted = "a moment"
    let bytes = try value.bytes(of: [.timestamptz, .timestamp, .date], wanted: wanted)
    var reader = ByteReader(bytes)
    if value.type == .date, let days = reader.integer(Int32.self) {
      return Timestamp.date(fromDays: days)
    }
    guard let microseconds = reader.integer(Int64.self) else {
      throw value.mismatch(wanted: wanted)
    }
    return Timestamp.date(from: microseconds)
  }
}
