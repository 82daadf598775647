import Foundation
import JobQueue
import LibpqClient

/// A payload, or another value, where the server's answer holds it: one cell of type jsonb.
package struct PayloadBytes: Sendable {
  let rows: QueryResult
  let row: Int
  let column: Int

  var isNull: Bool { rows.isNull(row: row, column: column) }

  /// The payload, read straight from the answer's memory.
  func read<Payload>(with reader: PayloadReader<Payload>, queue: String) throws -> Payload {
    try withJSON { try reader.read($0, queue: queue) }
  }

  /// The text must not be kept after `body`.
  func withJSON<T>(_ body: (Data) throws -> T) throws -> T {
    try rows.withUnsafeBytes(row: row, column: column) { bytes in
      // The binary form of jsonb is a version byte, 1, and the JSON text.
      guard let bytes, let start = bytes.baseAddress, bytes.count > 1, bytes[0] == 1 else {
        throw UndecodablePayload(reason: "expected jsonb of version 1")
      }
      return try body(
        Data(
          bytesNoCopy: UnsafeMutableRawPointer(mutating: start + 1), count: bytes.count - 1,
          deallocator: .none))
    }
  }
}
