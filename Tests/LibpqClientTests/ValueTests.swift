import Foundation
import JobQueueTesting
import LibpqClient
import PrivatePostgres
import Testing

@Suite("Values on their way to the server and back")
struct ValueTests {
  private func withConnection(_ body: (Connection) async throws -> Void) async throws {
    let connection = try await Connection.open(TestCluster.shared.server.configuration())
    try await body(connection)
    await connection.close()
  }

  private func expectRoundTrip<Value: SQLParameter & SQLDecodable & Equatable>(
    _ values: [Value], as type: String, on connection: Connection
  ) async throws {
    for value in values {
      let result = try await connection.query("SELECT $1::\(type) AS v", [value])
      #expect(try result[0, "v"].decode(Value.self) == value, "\(type)")
    }
  }

  @Test("integers, floats and truth keep their limits")
  func numbers() async throws {
    try await withConnection { connection in
      try await expectRoundTrip([Int16.min, 0, .max], as: "int2", on: connection)
      try await expectRoundTrip([Int32.min, 0, .max], as: "int4", on: connection)
      try await expectRoundTrip([Int64.min, -1, 1 << 40, .max], as: "int8", on: connection)
      try await expectRoundTrip([Int.min, 0, 7, .max], as: "int8", on: connection)
      try await expectRoundTrip([true, false], as: "bool", on: connection)
      try await expectRoundTrip(
        [0.1, -.infinity, .leastNonzeroMagnitude, .greatestFiniteMagnitude], as: "float8",
        on: connection)
    }
  }

  @Test(
    "decimals are exact",
    arguments: [
      "0", "1", "-1", "0.5", "-0.00000001", "10000", "9999.9999", "12345678901234567890.123456789",
      "100000000", "-20.05", "0.0001", "0.00010", "99999999999999999999999999999999999999",
    ])
  func decimals(text: String) async throws {
    try await withConnection { connection in
      let value = try #require(Decimal(string: text))
      let result = try await connection.query("SELECT $1, $1::text, \(text)::numeric", [value])
      #expect(try result[0, 0].decode(Decimal.self) == value)
      #expect(try Decimal(string: result[0, 1].decode(String.self)) == value)
      #expect(try result[0, 2].decode(Decimal.self) == value)
    }
  }

  @Test("a number with more digits than a Decimal holds is an error, not a rounded number")
  func tooManyDigits() async throws {
    try await withConnection { connection in
      let result = try await connection.query("SELECT 1e40::numeric + 1, 'NaN'::numeric")
      #expect(throws: DatabaseError.self) { try result[0, 0].decode(Decimal.self) }
      #expect(try result[0, 1].decode(Decimal.self).isNaN)
    }
  }

  @Test("text is Vietnamese, empty, long, and anything but NUL")
  func text() async throws {
    try await withConnection { connection in
      let texts = ["", "Báo cáo tổng kết phong trào thi đua ₫", "'\"\\;--", "🐝\u{301}\n\t"]
      try await expectRoundTrip(
        texts + [String(repeating: "ượ", count: 200_000)], as: "text", on: connection)
      let error = await #expect(throws: DatabaseError.self) {
        try await connection.query("SELECT $1::text", ["a\0b"])
      }
      #expect(error?.kind == .invalidParameter)
      #expect(error?.description.contains("NUL") == true)
    }
  }

  @Test("a String fits wherever a quoted literal does")
  func inferredText() async throws {
    try await withConnection { connection in
      let result = try await connection.query(
        "SELECT $1::date = '2023-12-31', $2::jsonb->>'a', $3::uuid::text, $4::int4 + 1",
        [
          "2023-12-31", #"{"a": "b"}"#, "6f1c5a1e-7d1b-4a0e-9a53-0a8c8e4ffb10", "41",
        ])
      #expect(try result[0, 0].decode(Bool.self))
      #expect(try result[0, 1].decode(String.self) == "b")
      #expect(try result[0, 3].decode(Int32.self) == 42)
    }
  }

  @Test("an Int fits smallint, integer, bigint and numeric, and is refused beyond them")
  func inferredIntegers() async throws {
    try await withConnection { connection in
      let sql = "SELECT 1::int2 = $1, 1::int4 = $2, 1::int8 = $3, 1::numeric = $4"
      let result = try await connection.query(sql, [1, 1, 1, 1])
      for column in 0..<4 { #expect(try result[0, column].decode(Bool.self)) }
      let error = await #expect(throws: DatabaseError.self) {
        try await connection.query("SELECT $1::int2", [40_000])
      }
      #expect(error?.sqlState == "22003")
    }
  }

  @Test("bytes, identifiers, moments and JSON come back as they were")
  func others() async throws {
    try await withConnection { connection in
      let bytes = (0...255).map { UInt8($0) }
      try await expectRoundTrip([bytes, []], as: "bytea", on: connection)
      try await expectRoundTrip([Data(bytes), Data()], as: "bytea", on: connection)
      try await expectRoundTrip([UUID()], as: "uuid", on: connection)
      try await expectRoundTrip(
        [JSONText(#"{"a": [1, null, "ổ"]}"#), "null"], as: "jsonb", on: connection)
      let moments: [Double] = [0, -63_072_000_000, 1_000_000_000.000001, 252_423_993_600]
      try await expectRoundTrip(
        moments.map { Date(timeIntervalSinceReferenceDate: $0) } + [.distantPast, .distantFuture],
        as: "timestamptz", on: connection)
      let error = await #expect(throws: DatabaseError.self) {
        try await connection.query("SELECT $1", [Date(timeIntervalSinceReferenceDate: 1e15)])
      }
      #expect(error?.kind == .invalidParameter)
    }
  }

  @Test("arrays of every element type come back, with NULLs and empty")
  func arrays() async throws {
    try await withConnection { connection in
      try await expectRoundTrip([[1, .max, .min], [Int64]()], as: "int8[]", on: connection)
      try await expectRoundTrip([[1, 2, 3], [Int]()], as: "int8[]", on: connection)
      try await expectRoundTrip([[1, -1], [Int32]()], as: "int4[]", on: connection)
      try await expectRoundTrip([[1, -1], [Int16]()], as: "int2[]", on: connection)
      try await expectRoundTrip([["a", "", "ễ,\"{}"], []], as: "text[]", on: connection)
      try await expectRoundTrip([["a", nil, "b"], [String?]()], as: "text[]", on: connection)
      try await expectRoundTrip([[true, false]], as: "bool[]", on: connection)
      try await expectRoundTrip([[UUID(), UUID()]], as: "uuid[]", on: connection)
      try await expectRoundTrip([[Decimal(1) / 8, 3]], as: "numeric[]", on: connection)
      try await expectRoundTrip([[JSONText("[1]"), nil]], as: "jsonb[]", on: connection)
    }
  }

  @Test("NULL needs an Optional, and says so")
  func nulls() async throws {
    try await withConnection { connection in
      let result = try await connection.query(
        "SELECT $1::int8 AS a, $2::text AS b, $3::uuid AS c",
        [Int64?.none, SQLNull(), UUID?.none])
      #expect(try result[0, "a"].decode(Int64?.self) == nil)
      #expect(result[0, "b"].isNull)
      #expect(result.integer(row: 0, column: 0) == nil)
      let error = #expect(throws: DatabaseError.self) { try result[0, "a"].decode(Int64.self) }
      #expect(
        error?.message
          == "expected column a of row 0 to be an integer, got: NULL (decode an Optional to allow it)"
      )
    }
  }

  @Test("a wrong type or a missing column is named")
  func mismatches() async throws {
    try await withConnection { connection in
      let result = try await connection.query("SELECT 'x'::text AS word, 70000 AS number")
      let wrong = #expect(throws: DatabaseError.self) { try result[0, "word"].decode(Int64.self) }
      #expect(wrong?.message.contains("column word of row 0") == true)
      #expect(wrong?.message.contains("got: text") == true)
      #expect(throws: DatabaseError.self) { try result[0, "number"].decode(Int16.self) }
      let missing = #expect(throws: DatabaseError.self) { try result[0, "nope"].decode(Int.self) }
      #expect(missing?.message == "expected a column nope, got: word, number")
      #expect(throws: DatabaseError.self) { try result[1, "word"].decode(String.self) }
    }
  }

  @Test("enums and dates are readable")
  func ownTypes() async throws {
    try await withConnection { connection in
      try await connection.execute(script: "CREATE TYPE pg_temp.mood AS ENUM ('vui', 'buồn')")
      let result = try await connection.query(
        "SELECT 'buồn'::pg_temp.mood, '2000-01-02'::date, '2000-01-01 00:00:01'::timestamp")
      #expect(try result[0, 0].decode(String.self) == "buồn")
      let start = Date(timeIntervalSinceReferenceDate: -366 * 86400)
      #expect(try result[0, 1].decode(Date.self) == start.addingTimeInterval(86400))
      #expect(try result[0, 2].decode(Date.self) == start.addingTimeInterval(1))
    }
  }
}
