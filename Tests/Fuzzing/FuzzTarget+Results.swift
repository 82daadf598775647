import Foundation

@testable import LibpqClient

extension FuzzTarget {
  /// One value of a server's answer, in its binary form, read as every type of Swift. The first byte
  /// chooses the column's type.
  static let results = FuzzTarget(
    "results",
    seeds: [
      "\0\0\0\0\0\0\0\0\u{1}", "\u{1}\0\0\0\u{2}", "\u{2}\0\u{1}", "\u{3}\u{1}", "\u{4}12345678",
      "\u{5}\u{1}{\"a\": 1}", "\u{6}0123456789abcdef", "\u{7}\0\u{1}\0\0\0\0\0\u{2}\0\u{5}",
      "\u{8}\0\0\0\u{1}\0\0\0\u{1}\0\0\0\u{17}\0\0\0\u{1}\0\0\0\u{1}\0\0\0\u{4}\0\0\0\u{9}",
      "\u{9}text", "\u{A}12345678", "\u{B}bytes", "\u{C}1234",
    ]
  ) { bytes in
    let types: [SQLType] = [
      .int8, .int4, .int2, .bool, .float8, .jsonb, .uuid, .numeric, .int4Array, .text,
      .timestamptz, .bytea, .date, .float4, .textArray, .numericArray, .json, .boolArray,
      .uuidArray, .byteaArray,
    ]
    guard let first = bytes.first else { return }
    let type = types[Int(first) % types.count]
    let value = Array(bytes.dropFirst())
    let result = QueryResult.synthetic(columns: [("a", type)], rows: [[value]])
    let cell = result[0, 0]
    readAll(cell)
    _ = result.integer(row: 0, column: 0)
    _ = result.withUnsafeBytes(row: 0, column: 0) { $0?.count }
    if let date = try? cell.decode(Date.self) { _ = date.timeIntervalSince1970 }
  }

  private static func readAll(_ cell: SQLCell) {
    func read<Value: SQLDecodable>(_ type: Value.Type) {
      _ = try? cell.decode(type)
      _ = try? cell.decode(Value?.self)
    }
    read(Int16.self)
    read(Int32.self)
    read(Int64.self)
    read(Int.self)
    read(Bool.self)
    read(Double.self)
    read(Decimal.self)
    read(String.self)
    read(JSONText.self)
    read(UUID.self)
    read(Data.self)
    read(Date.self)
    read([Int32].self)
    read([String?].self)
    read([Decimal].self)
    read([UInt8].self)
    read([UUID].self)
    read([Bool].self)
    read([Data].self)
  }
}
