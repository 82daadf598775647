import CLibpq

// The codes of PQresultErrorField are character macros, which Swift does not import.
private enum Diagnostic {
  static func code(_ character: Character) -> Int32 { Int32(character.asciiValue!) }
  static let severity = code("V")
  static let sqlState = code("C")
  static let message = code("M")
  static let detail = code("D")
  static let hint = code("H")
  static let position = code("P")
  static let schema = code("s")
  static let table = code("t")
  static let column = code("c")
  static let constraint = code("n")
  static let sourceFunction = code("R")
}

extension DatabaseError {
  /// The facts of a failed result, which stays the caller's.
  init(result: OpaquePointer, sql: String?) {
    func field(_ code: Int32) -> String? {
      PQresultErrorField(result, code).map { String(cString: $0) }
    }
    let whole = String(cString: PQresultErrorMessage(result))
    self.init(.server, field(Diagnostic.message) ?? whole.trimmedMessage)
    sqlState = field(Diagnostic.sqlState)
    detail = field(Diagnostic.detail)
    hint = field(Diagnostic.hint)
    position = field(Diagnostic.position).flatMap { Int($0) }
    schema = field(Diagnostic.schema)
    table = field(Diagnostic.table)
    column = field(Diagnostic.column)
    constraint = field(Diagnostic.constraint)
    sourceFunction = field(Diagnostic.sourceFunction)
    self.sql = sql
    let severity = field(Diagnostic.severity)
    // libpq itself reports a broken connection as a result without a code.
    if sqlState == nil || severity == "FATAL" || severity == "PANIC" {
      kind = sqlState == nil ? .connection : .server
      isConnectionLost = true
    }
  }

  /// What libpq says about a connection that broke.
  static func lost(connection: OpaquePointer) -> DatabaseError {
    .lost(String(cString: PQerrorMessage(connection)).trimmedMessage)
  }

  /// What libpq says about a connection that did not come about, and what to do next.
  static func connectFailed(_ connection: OpaquePointer?) -> DatabaseError {
    guard let connection else { return .lost("libpq ran out of memory") }
    var error = DatabaseError.lost(connection: connection)
    error.hint = ConnectAdvice.hint(for: error.message)
    error.isRetryable = ConnectAdvice.isWorthRetrying(error.message)
    return error
  }
}

extension String {
  /// libpq's messages end with a newline and may have several lines.
  var trimmedMessage: String {
    split(separator: "\n").map { line in
      String(line.drop { $0 == "\t" || $0 == " " })
    }.joined(separator: "; ")
  }
}
