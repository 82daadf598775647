/// What went wrong between this program and the database, as facts.
///
/// `description` is safe to show and to log: it holds no parameter values and no SQL text.
/// `debugDescription` holds everything, and so may hold personal data.
public struct DatabaseError: Error, Sendable, Equatable {
  public enum Kind: String, Sendable {
    /// The server refused a statement; `sqlState` says why.
    case server
    /// A statement was skipped or undone because another of its pipeline segment failed.
    case pipelineAborted
    /// No connection came about, or it broke.
    case connection
    /// The deadline passed; the statement was cancelled, or the connection given up.
    case timeout
    /// The task was cancelled, or somebody called `cancel()`.
    case cancelled
    /// The connection or pool was closed by this program.
    case closed
    /// The program used a connection in a way that cannot work.
    case misuse
    /// A parameter cannot be sent to PostgreSQL.
    case invalidParameter
    /// A column does not hold what the program wanted to read.
    case decoding
    /// The server answered something that this client does not expect.
    case protocolViolation
  }

  public var kind: Kind
  /// The server's five-character code, such as `23505`.
  public var sqlState: String?
  public var message: String
  /// More facts from the server; may quote values.
  public var detail: String?
  /// What to do next.
  public var hint: String?
  public var schema: String?
  public var table: String?
  public var column: String?
  public var constraint: String?
  /// Where in `sql` the server saw the error: characters, starting at 1.
  public var position: Int?
  /// The statement. Values are never part of it.
  public var sql: String?
  /// True when the connection cannot be used any more.
  public var isConnectionLost = false
  /// True when the connection broke while COMMIT was under way: it may or may not have happened.
  public var isCommitUnknown = false
  /// False for a failed connection attempt that only a changed setting can mend.
  public var isRetryable = false
  /// The server's function that raised the error: unlike messages it is never translated.
  package var sourceFunction: String?

  package init(_ kind: Kind, _ message: String, hint: String? = nil) {
    self.kind = kind
    self.message = message
    self.hint = hint
  }

  /// A mistake in the caller's program, said so that it can be found.
  package static func misuse(_ message: String) -> DatabaseError {
    DatabaseError(.misuse, message)
  }

  package static func invalidParameter(_ message: String) -> DatabaseError {
    DatabaseError(.invalidParameter, message)
  }

  package static func decoding(_ message: String) -> DatabaseError {
    DatabaseError(.decoding, message)
  }

  static func lost(_ message: String) -> DatabaseError {
    var error = DatabaseError(.connection, message)
    error.isConnectionLost = true
    return error
  }
}

extension DatabaseError: CustomStringConvertible, CustomDebugStringConvertible {
  public var description: String {
    var text = "\(label): \(safeMessage)"
    if let constraint { text += " (constraint \(constraint))" }
    if let line { text += " (line \(line) of the statement)" }
    if let hint { text += ". \(hint)" }
    return text
  }

  public var debugDescription: String {
    var text = "\(label): \(message)"
    for (name, value) in [
      ("detail", detail), ("hint", hint), ("schema", schema), ("table", table),
      ("column", column), ("constraint", constraint), ("line", line.map(String.init)),
      ("sql", sql),
    ] {
      if let value { text += "\n  \(name): \(value)" }
    }
    return text
  }

  private var label: String {
    let name =
      switch kind {
      case .server: "database error"
      case .pipelineAborted: "statement not run"
      case .connection: "database connection"
      case .timeout: "database timeout"
      case .cancelled: "cancelled"
      case .closed: "closed"
      case .misuse: "misuse of a database connection"
      case .invalidParameter: "invalid parameter"
      case .decoding: "unexpected column"
      case .protocolViolation: "protocol violation"
      }
    return sqlState.map { "\(name) \($0)" } ?? name
  }

  /// Messages of class 22 (data exceptions) quote the offending value.
  private var safeMessage: String {
    guard sqlState?.hasPrefix("22") == true else { return message }
    let parts = message.split(separator: "\"", omittingEmptySubsequences: false)
    return parts.enumerated().map { $0.offset % 2 == 0 ? String($0.element) : "…" }
      .joined(separator: "\"")
  }

  private var line: Int? {
    guard let position, let sql, sql.contains("\n") else { return nil }
    return sql.unicodeScalars.prefix(position).count { $0 == "\n" } + 1
  }
}
