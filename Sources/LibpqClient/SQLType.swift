/// A PostgreSQL type, named by its object identifier.
public struct SQLType: RawRepresentable, Hashable, Sendable {
  public let rawValue: UInt32

  public init(rawValue: UInt32) { self.rawValue = rawValue }

  /// The server infers the type from the place where the parameter stands, as for a quoted literal.
  public static let inferred = SQLType(rawValue: 0)
  public static let bool = SQLType(rawValue: 16)
  public static let bytea = SQLType(rawValue: 17)
  public static let char = SQLType(rawValue: 18)
  public static let name = SQLType(rawValue: 19)
  public static let int8 = SQLType(rawValue: 20)
  public static let int2 = SQLType(rawValue: 21)
  public static let int4 = SQLType(rawValue: 23)
  public static let text = SQLType(rawValue: 25)
  public static let oid = SQLType(rawValue: 26)
  public static let json = SQLType(rawValue: 114)
  public static let float4 = SQLType(rawValue: 700)
  public static let float8 = SQLType(rawValue: 701)
  public static let unknown = SQLType(rawValue: 705)
  public static let bpchar = SQLType(rawValue: 1042)
  public static let varchar = SQLType(rawValue: 1043)
  public static let date = SQLType(rawValue: 1082)
  public static let timestamp = SQLType(rawValue: 1114)
  public static let timestamptz = SQLType(rawValue: 1184)
  public static let interval = SQLType(rawValue: 1186)
  public static let numeric = SQLType(rawValue: 1700)
  public static let void = SQLType(rawValue: 2278)
  public static let uuid = SQLType(rawValue: 2950)
  public static let jsonb = SQLType(rawValue: 3802)
  public static let xid8 = SQLType(rawValue: 5069)

  static let boolArray = SQLType(rawValue: 1000)
  static let byteaArray = SQLType(rawValue: 1001)
  static let int2Array = SQLType(rawValue: 1005)
  static let int4Array = SQLType(rawValue: 1007)
  static let textArray = SQLType(rawValue: 1009)
  static let int8Array = SQLType(rawValue: 1016)
  static let float8Array = SQLType(rawValue: 1022)
  static let timestamptzArray = SQLType(rawValue: 1185)
  static let numericArray = SQLType(rawValue: 1231)
  static let uuidArray = SQLType(rawValue: 2951)
  static let jsonbArray = SQLType(rawValue: 3807)

  /// Types of extensions and of users, enums among them, have identifiers from here on.
  static let firstUserDefined: UInt32 = 16384
}

extension SQLType: CustomStringConvertible {
  private static let names: [SQLType: String] = [
    .inferred: "inferred", .bool: "bool", .bytea: "bytea", .char: "\"char\"", .name: "name",
    .int8: "int8", .int2: "int2", .int4: "int4", .text: "text", .oid: "oid", .json: "json",
    .float4: "float4", .float8: "float8", .unknown: "unknown", .bpchar: "bpchar",
    .varchar: "varchar", .date: "date", .timestamp: "timestamp", .timestamptz: "timestamptz",
    .interval: "interval", .numeric: "numeric", .void: "void", .uuid: "uuid", .jsonb: "jsonb",
    .xid8: "xid8", .boolArray: "bool[]", .byteaArray: "bytea[]", .int2Array: "int2[]",
    .int4Array: "int4[]", .textArray: "text[]", .int8Array: "int8[]", .float8Array: "float8[]",
    .timestamptzArray: "timestamptz[]", .numericArray: "numeric[]", .uuidArray: "uuid[]",
    .jsonbArray: "jsonb[]",
  ]

  public var description: String { Self.names[self] ?? "type with oid \(rawValue)" }
}
