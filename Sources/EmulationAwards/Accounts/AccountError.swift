import LibpqClient

/// What the database refused to do with an account, and why. The message is the server's.
package struct AccountError: Error, Hashable, Sendable {
  package enum Code: String, Sendable, CaseIterable {
    case unknownAccount = "OE001"
    case nameTaken = "OE002"
    /// Without it the pages would be open to everybody.
    case lastAccount = "OE003"
    case unknownUnitOrBloc = "OE004"
  }

  package let code: Code
  package let message: String
  /// What to do next.
  package let hint: String?

  /// Nil when the error is not one of those.
  init?(_ error: DatabaseError) {
    guard let code = error.sqlState.flatMap(Code.init) else { return nil }
    self.code = code
    message = error.message
    hint = error.hint
  }
}

extension AccountError: CustomStringConvertible {
  package var description: String { [message, hint].compactMap { $0 }.joined(separator: " – ") }
}
