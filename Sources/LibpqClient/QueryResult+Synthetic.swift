import CLibpq
import Glibc

extension QueryResult {
  /// A result that no server has sent, in libpq's own memory as any other: for measurements and tests
  /// of what reads results.
  ///
  /// - Parameters:
  ///   - columns: names and types.
  ///   - rows: values in their binary form; nil: NULL.
  package static func synthetic(
    columns: [(name: String, type: SQLType)], rows: [[[UInt8]?]]
  ) -> QueryResult {
    guard let result = PQmakeEmptyPGresult(nil, PGRES_TUPLES_OK) else {
      fatalError("out of memory")
    }
    setColumns(columns, of: result)
    for (row, values) in rows.enumerated() {
      for (column, value) in values.enumerated() {
        set(value, row: row, column: column, of: result)
      }
    }
    return QueryResult(owning: result)
  }

  private static func setColumns(
    _ columns: [(name: String, type: SQLType)], of result: OpaquePointer
  ) {
    // libpq copies the names.
    let names = columns.map { strdup($0.name) }
    defer { for name in names { free(name) } }
    var attributes = zip(columns, names).map { column, name in
      PGresAttDesc(
        name: name, tableid: 0, columnid: 0, format: 1, typid: column.type.rawValue, typlen: -1,
        atttypmod: -1)
    }
    PQsetResultAttrs(result, Int32(attributes.count), &attributes)
  }

  private static func set(_ value: [UInt8]?, row: Int, column: Int, of result: OpaquePointer) {
    var bytes = (value ?? []).map { CChar(bitPattern: $0) }
    let length = value == nil ? -1 : Int32(bytes.count)
    bytes.append(0)
    PQsetvalue(result, Int32(row), Int32(column), &bytes, length)
  }
}
