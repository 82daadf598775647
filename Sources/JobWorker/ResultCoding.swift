import JobQueue

/// How what a kind's handler returns is stored.
struct ResultCoding: Sendable {
  /// Largest result, in bytes of JSON.
  static let limit = 1 << 20

  /// The value that a transaction's body has returned, as JSON; nil: the kind has no result.
  let encode: @Sendable (Any) throws -> String?

  static let none = ResultCoding { _ in nil }

  static func of<Output: Encodable & Sendable>(_ type: Output.Type) -> ResultCoding {
    ResultCoding { value in
      guard let output = value as? Output else {
        throw JobTransactionError.resultExpected("\(type)")
      }
      return try encode(output)
    }
  }

  static func encode(_ result: some Encodable) throws -> String {
    let json: String
    do {
      json = try PayloadCoding.encode(result)
    } catch {
      throw UnstorableResult(reason: "\(error)")
    }
    guard json.utf8.count <= limit else {
      throw UnstorableResult(reason: "it has \(json.utf8.count) bytes, \(limit) are allowed")
    }
    guard !hasNUL(json) else {
      throw UnstorableResult(reason: "it has a text with NUL, which PostgreSQL can't hold")
    }
    return json
  }

  /// Whether a string of the JSON holds the escape \u0000; a backslash that is escaped itself begins
  /// none.
  private static func hasNUL(_ json: String) -> Bool {
    var rest = json.utf8[...]
    while let backslash = rest.firstIndex(of: UInt8(ascii: "\\")) {
      let escape = rest[backslash...].dropFirst()
      if escape.starts(with: "u0000".utf8) { return true }
      rest = escape.dropFirst()
    }
    return false
  }
}

/// The handler has done its work, but what it returned can't be kept. Trying again can't help: the
/// job becomes a dead letter at once.
struct UnstorableResult: Error, CustomStringConvertible {
  let reason: String

  var description: String { "the job ran, but its result can't be stored: \(reason)" }
}
