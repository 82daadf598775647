import CLibpq

/// The rows of one statement, or its command tag. Reading is safe from any thread.
///
/// It is a collection of rows; the rows share the result's memory, which is libpq's own.
public struct QueryResult: Sendable, RandomAccessCollection {
  /// A column's name and type.
  public struct Column: Sendable, Hashable {
    public let name: String
    public let type: SQLType
  }

  private let storage: Storage
  public let count: Int

  /// Takes the pointer over.
  init(owning pointer: OpaquePointer) {
    storage = Storage(ResultHandle(pointer))
    count = Int(PQntuples(pointer))
  }

  public var startIndex: Int { 0 }
  public var endIndex: Int { count }
  public subscript(position: Int) -> SQLRow {
    precondition(position >= 0 && position < count, "row \(position) of \(count) rows")
    return SQLRow(result: self, index: position)
  }

  /// One value: `try result[0, "name"].decode(String.self)`.
  public subscript(row: Int, column: String) -> SQLCell {
    SQLCell(result: self, row: row, column: columnIndex(column) ?? -1, name: column)
  }

  public subscript(row: Int, column: Int) -> SQLCell {
    SQLCell(result: self, row: row, column: column, name: nil)
  }

  public var columns: [Column] {
    (0..<columnCount).map { Column(name: columnName($0), type: columnType($0)) }
  }

  public var columnCount: Int { Int(PQnfields(pointer)) }

  /// The first column of exactly this name.
  public func columnIndex(_ name: String) -> Int? {
    (0..<columnCount).first { columnName($0) == name }
  }

  /// What the server says it did, such as `UPDATE 3`.
  public var commandTag: String { String(cString: PQcmdStatus(pointer)) }

  /// Rows inserted, updated, deleted, selected or copied; 0 for other commands.
  public var affectedRows: Int { Int(String(cString: PQcmdTuples(pointer))) ?? 0 }

  func columnName(_ column: Int) -> String {
    PQfname(pointer, Int32(column)).map { String(cString: $0) } ?? ""
  }

  func columnType(_ column: Int) -> SQLType { SQLType(rawValue: PQftype(pointer, Int32(column))) }

  private var pointer: OpaquePointer { storage.handle.pointer }
}

// The cheap readers of the worker's hot path: no copies, no allocation.
extension QueryResult {
  package func isNull(row: Int, column: Int) -> Bool {
    PQgetisnull(pointer, Int32(row), Int32(column)) != 0
  }

  /// The value's binary form, or nil for NULL. The bytes must not be kept after `body`.
  package func withUnsafeBytes<T>(
    row: Int, column: Int, _ body: (UnsafeRawBufferPointer?) throws -> T
  ) rethrows -> T {
    defer { withExtendedLifetime(storage) {} }
    return try body(unsafeBytes(row: row, column: column))
  }

  /// The value of a smallint, integer or bigint column, told apart by its length; nil for NULL.
  /// The caller has checked the column's type once.
  @inline(__always)
  package func integer(row: Int, column: Int) -> Int64? {
    defer { withExtendedLifetime(storage) {} }
    guard let bytes = unsafeBytes(row: row, column: column), let base = bytes.baseAddress else {
      return nil
    }
    switch bytes.count {
    case 8: return Int64(bigEndian: base.loadUnaligned(as: Int64.self))
    case 4: return Int64(Int32(bigEndian: base.loadUnaligned(as: Int32.self)))
    case 2: return Int64(Int16(bigEndian: base.loadUnaligned(as: Int16.self)))
    default: return nil
    }
  }

  /// The value's binary form, or nil for NULL: valid while the result lives.
  @inline(__always)
  package func unsafeBytes(row: Int, column: Int) -> UnsafeRawBufferPointer? {
    let (row, column) = (Int32(truncatingIfNeeded: row), Int32(truncatingIfNeeded: column))
    let length = Int(PQgetlength(pointer, row, column))
    guard length > 0 || PQgetisnull(pointer, row, column) == 0 else { return nil }
    return UnsafeRawBufferPointer(start: PQgetvalue(pointer, row, column), count: length)
  }
}

/// One row of a result.
public struct SQLRow: Sendable {
  public let result: QueryResult
  public let index: Int

  public subscript(column: String) -> SQLCell { result[index, column] }
  public subscript(column: Int) -> SQLCell { result[index, column] }
}

/// One value of a result, not yet read.
public struct SQLCell: Sendable {
  let result: QueryResult
  let row: Int
  let column: Int
  let name: String?

  /// Throws `DatabaseError` of kind `.decoding` for a missing column, a NULL that `Value` cannot
  /// hold, or an unfit type.
  public func decode<Value: SQLDecodable>(_ type: Value.Type = Value.self) throws -> Value {
    guard row >= 0 && row < result.count else {
      throw DatabaseError.decoding("expected a row \(row), got: \(result.count) rows")
    }
    guard column >= 0 && column < result.columnCount else {
      let names = result.columns.map(\.name).joined(separator: ", ")
      throw DatabaseError.decoding(
        "expected a column \(name ?? String(column)), got: \(names)")
    }
    return try result.withUnsafeBytes(row: row, column: column) { bytes in
      try Value.decode(
        from: SQLValue(bytes: bytes, type: result.columnType(column)) {
          "column \(result.columnName(column)) of row \(row)"
        })
    }
  }

  public var isNull: Bool { result.isNull(row: row, column: column) }
}

/// Owns a PGresult.
struct ResultHandle: ~Copyable {
  let pointer: OpaquePointer

  init(_ pointer: OpaquePointer) { self.pointer = pointer }

  deinit { PQclear(pointer) }
}

/// Shares a PGresult. Unchecked: libpq's read functions are safe on many threads, and nobody
/// changes a result that has arrived.
private final class Storage: @unchecked Sendable {
  let handle: ResultHandle

  init(_ handle: consuming ResultHandle) { self.handle = handle }
}
