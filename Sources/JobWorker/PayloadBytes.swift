import Foundation
import JobQueue
import LibpqClient

/// A payload, or another value: a cell of type json or jsonb where the server's answer holds it, or its
/// text.
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

  /// The payload, read straight from the answer's memory. Without closures, whose generic types would
  /// be looked up for each job.
  func read<Payload>(with reader: PayloadReader<Payload>, queue: String) throws -> Payload {
    guard case .cell(let rows, let row, let column) = place else {
      return try withBytes { try reader.read($0, queue: queue) }
    }
    defer { withExtendedLifetime(rows) {} }
    return try reader.read(
      try Self.json(in: rows.unsafeBytes(row: row, column: column)), queue: queue)
  }

  /// The text must not be kept after `body`.
  func withJSON<T>(_ body: (Data) throws -> T) throws -> T {
    try withBytes { bytes in
      guard let start = bytes.baseAddress else { return try body(Data()) }
      return try body(
        Data(
          bytesNoCopy: UnsafeMutableRawPointer(mutating: start), count: bytes.count,
          deallocator: .none))
    }
  }

  /// The text as UTF-8, which must not be kept after `body`.
  func withBytes<T>(_ body: (UnsafeRawBufferPointer) throws -> T) throws -> T {
    switch place {
    case .text(let json):
      var json = json
      return try json.withUTF8 { try body(UnsafeRawBufferPointer($0)) }
    case .cell(let rows, let row, let column):
      return try rows.withUnsafeBytes(row: row, column: column) { try body(try Self.json(in: $0)) }
    }
  }

  /// The binary form of json is its text, that of jsonb a version byte, 1, before it. No text begins with
  /// that byte.
  private static func json(in cell: UnsafeRawBufferPointer?) throws -> UnsafeRawBufferPointer {
    guard let cell, let first = cell.first else {
      throw UndecodablePayload(reason: "expected json, or jsonb of version 1")
    }
    return first == 1 ? UnsafeRawBufferPointer(rebasing: cell.dropFirst()) : cell
  }
}
