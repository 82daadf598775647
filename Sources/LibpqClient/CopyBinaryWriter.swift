/// Builds the chunks of a `COPY … FROM STDIN (FORMAT binary)`.
///
/// The binary form is not converted by the server: every value must have exactly its column's
/// type (`Int64` and `Int` for bigint, `Int32` for integer, `Int16` for smallint, `String` for text and json, `JSONText` for jsonb …).
public struct CopyBinaryWriter {
  private var encoder = SQLEncoder(allowsText: false)
  private let columns: Int
  /// Rows written so far.
  public private(set) var rowCount = 0

  /// - Parameter columns: how many values each row has.
  public init(columns: Int) {
    self.columns = columns
    encoder.write([80, 71, 67, 79, 80, 89, 10, 255, 13, 10, 0])  // PGCOPY\n\377\r\n\0
    encoder.write(Int32(0))  // flags
    encoder.write(Int32(0))  // length of the header's extension
  }

  /// Bytes not taken yet: take them at about 64 KB.
  public var count: Int { encoder.bytes.count }

  /// Throws kind `.invalidParameter` for a wrong number of values, or a value that PostgreSQL
  /// cannot hold; the row is then not written.
  public mutating func append(row values: [any SQLParameter]) throws {
    guard values.count == columns else {
      throw DatabaseError.invalidParameter(
        "expected a row to have \(columns) values, got: \(values.count)")
    }
    let start = encoder.bytes.count
    do {
      encoder.write(Int16(columns))
      for value in values {
        let start = encoder.beginLengthPrefixed()
        try value.encode(into: &encoder)
        encoder.endLengthPrefixed(start)
      }
    } catch {
      encoder.truncate(to: start)
      throw error
    }
    rowCount += 1
  }

  /// The bytes so far, leaving the writer ready for more rows.
  public mutating func takeChunk() -> [UInt8] {
    defer { encoder = SQLEncoder(allowsText: false) }
    return encoder.bytes
  }

  /// The last chunk, with the end mark.
  public mutating func finish() -> [UInt8] {
    encoder.write(Int16(-1))
    return takeChunk()
  }
}
