import Foundation
import JobQueue
import LibpqClient

/// A payload where the server's answer holds it: one cell of type jsonb.
package struct PayloadBytes: Sendable {
  let rows: QueryResult
  let row: Int
  let column: Int

  /// The payload, read straight from the answer's memory.
  func decode<Payload: Decodable>(_ type: Payload.Type) throws -> Payload {
    try rows.withUnsafeBytes(row: row, column: column) { bytes in
      // The binary form of jsonb is a version byte, 1, and the JSON text.
      guard let bytes, let start = bytes.baseAddress, bytes.count > 1, bytes[0] == 1 else {
        throw UndecodablePayload(reason: "expected jsonb of version 1")
      }
      let json = Data(
        bytesNoCopy: UnsafeMutableRawPointer(mutating: start + 1), count: bytes.count - 1,
        deallocator: .none)
      do {
        return try PayloadCoding.decode(type, from: json)
      } catch let error as DecodingError {
        throw UndecodablePayload(error, type: type)
      }
    }
  }
}

/// The payload is not what the kind's type expects. Trying again can't help: the job becomes a
/// dead letter at once.
struct UndecodablePayload: Error, CustomStringConvertible {
  let reason: String

  init(reason: String) { self.reason = reason }

  init(_ error: DecodingError, type: Any.Type) {
    let (context, what): (DecodingError.Context, String) =
      switch error {
      case .typeMismatch(let type, let context): (context, "is not a \(type)")
      case .valueNotFound(let type, let context): (context, "is null, not a \(type)")
      case .keyNotFound(let key, let context): (context, "lacks the key \(key.stringValue)")
      case .dataCorrupted(let context): (context, context.debugDescription)
      @unknown default: (.init(codingPath: [], debugDescription: ""), "\(error)")
      }
    let path = context.codingPath.map { $0.intValue.map(String.init) ?? $0.stringValue }
    let place = path.isEmpty ? "it" : path.joined(separator: ".")
    reason = "expected the payload to be a \(type), got: \(place) \(what)"
  }

  var description: String { reason }
}
