import Foundation
import JobQueue
import LibpqClient

/// A payload, or another value: a cell of type jsonb where the server's answer holds it, or its text.
package struct PayloadBytes: Sendable {
  private enum Place: Sendable {
    case cell(QueryResult, row: Int, column: Int)
    case text(String)
  }

  private let place: Place

  init(rows: QueryResult, row: Int, column: Int) {
    place = .cell(rows, row: row, column: column)
  }

  init(json: String) { place = .text(json) }

  var isNull: Bool {
    switch place {
    case .cell(let rows, let row, let column): rows.isNull(row: row, column: column)
    case .text: false
    }
  }

  /// The payload, read straight from the answer's memory.
  func read<Payload>(with reader: PayloadReader<Payload>, queue: String) throws -> Payload {
    try withJSON { try reader.read($0, queue: queue) }
  }

  /// The text must not be kept after `body`.
  func withJSON<T>(_ body: (Data) throws -> T) throws -> T {
    switch place {
    case .text(let json): try body(Data(json.utf8))
    case .cell(let rows, let row, let column):
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
}
