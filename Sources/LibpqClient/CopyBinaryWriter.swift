/// Builds the chunks of a `COPY … FROM STDIN (FORMAT binary)`.
///
/// The binary form is not converted by the server: every value must have exactly its column's
/// type (`Int64` and `Int` for bigint, `Int32` for integer, `Int16` for smallint, `String` for text and json, `JSONText` for jsonb …).
public struct CopyBinaryWriter {
  private var encoder = SQLEncoder(allowsText: false)
  /// How each row begins: the number of its columns, and the values that all rows share.
  private var rowStart = SQLEncoder(allowsText: false)
  /// How many values of a row are its own.
  private var columns: Int
  /// Rows written so far.
  public private(set) var rowCount = 0

  /// - Parameters:
  ///   - columns: how many values each row has.
  ///   - shared: the values of the first columns, where they are the same in every row.
  /// - Throws: kind `.invalidParameter` for a shared value that PostgreSQL cannot hold.
  public init(columns: Int, shared: [any SQLParameter]) throws {
    precondition(
      shared.count <= columns, "expected \(columns) values at most, got: \(shared.count)")
    self.init(columns: columns)
    self.columns -= shared.count
    for value in shared { try rowStart.write(column: value) }
  }

  /// - Parameter columns: how many values each row has.
  public init(columns: Int) {
    self.columns = columns
    rowStart.write(Int16(columns))
    encoder.write([80, 71, 67, 79, 80, 89, 10, 255, 13, 10, 0])  // PGCOPY\n\377\r\n\0
    encoder.write(Int32(0))  // flags
    encoder.write(Int32(0))  // length of the header's extension
  }

  /// Bytes not taken yet: take them at about 64 KB.
  public var count: Int { encoder.bytes.count }

  /// - Parameter values: the row's own, in the order of the columns after the shared ones.
  /// - Throws: kind `.invalidParameter` for a wrong number of values, or a value that PostgreSQL
  ///   cannot hold; the row is then not written.
  public mutating func append(row values: [any SQLParameter]) throws {
    guard values.count == columns else {
      throw DatabaseError.invalidParameter(
        "expected a row to have \(columns) values, got: \(values.count)")
    }
    let start = encoder.bytes.count
    do {
      encoder.write(rowStart.bytes)
      for value in values { try encoder.write(column: value) }
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

extension SQLEncoder {
  /// A value with its length before it.
  fileprivate mutating func write(column value: any SQLParameter) throws {
    let start = beginLengthPrefixed()
    try value.encode(into: &self)
    endLengthPrefixed(start)
  }
}
