/// The payload is not what the kind's type expects. Trying again can't help: the job becomes a
/// dead letter at once.
package struct UndecodablePayload: Error, CustomStringConvertible {
  package let reason: String

  package init(reason: String) { self.reason = reason }

  /// - Parameter isSecret: the payload was encrypted: the text then says nothing of its content,
  ///   not even the keys of its dictionaries.
  init(_ error: any Error, type: Any.Type, isSecret: Bool) {
    switch error {
    case let error as UndecodablePayload where !isSecret: self = error
    case let error as DecodingError where !isSecret: self.init(error, type: type)
    case let error where !isSecret: self.init(reason: "\(Swift.type(of: error)): \(error)")
    default:
      self.init(
        reason: "expected the decrypted payload to be a \(type), got: \(Self.word(error))")
    }
  }

  private init(_ error: DecodingError, type: Any.Type) {
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

  /// What went wrong, in one word.
  private static func word(_ error: any Error) -> String {
    switch error as? DecodingError {
    case .typeMismatch: "type mismatch"
    case .valueNotFound: "a value is null"
    case .keyNotFound: "a key is missing"
    case .dataCorrupted: "a value is malformed"
    default: "\(type(of: error))"
    }
  }

  package var description: String { reason }
}
