import Foundation
import JobQueueTesting
import LibpqClient
import Testing

@Suite("Values on their way to the server and back")
struct ValueTests {
  /// Sends the value and reads it back in the same type.
  private func roundTrip<Value: SQLParameter & SQLDecodable & Equatable>(
    _ value: Value, as type: String
  ) async throws -> Value {
    try await TestDatabase.withDatabase { database in
      let connection = try await database.connect()
      return try await connection.query("SELECT $1::\(type)", [value])[0, 0].decode()
    }
  }

  @Test("integers keep their limits")
  func integers() async throws {
    try await TestDatabase.withDatabase { database in
      let connection = try await database.connect()
      for value in [Int64.min, -1, 0, 1 << 40, .max] {
        let result = try await connection.query("SELECT $1 AS v", [value])
        #expect(try result[0, "v"].decode(Int64.self) == value)
        #expect(result.integer(row: 0, column: 0) == value)
      }
      for value in [Int32.min, 0, .max] {
        #expect(try await connection.query("SELECT $1", [value])[0, 0].decode() == value)
      }
      for value in [Int16.min, 0, .max] {
        #expect(try await connection.query("SELECT $1", [value])[0, 0].decode() == value)
      }
    }
  }
}
