/// Why a payload could not be encrypted or decrypted. Says nothing of its content.
public struct PayloadEncryptionError: Error, Sendable, Hashable {
  public enum Reason: Sendable, Hashable {
    /// The kind is encrypted and the program was given no keys.
    case noKeys(kind: String)
    /// Encrypted under a key that this program does not have.
    case unknownKey(String, known: [String])
    /// Changed in the database, moved from another kind or queue, or encrypted under another key of
    /// the same name.
    case notAuthentic(key: String)
    /// Not what a cipher has written.
    case malformed
  }

  public let reason: Reason

  public init(_ reason: Reason) { self.reason = reason }

  /// No key and no other program will ever open it.
  package var isFinal: Bool {
    switch reason {
    case .noKeys, .unknownKey: false
    case .notAuthentic, .malformed: true
    }
  }
}

extension PayloadEncryptionError: CustomStringConvertible {
  public var description: String {
    switch reason {
    case .noKeys(let kind):
      "payloads of kind \(kind) are encrypted, and this program was given no keys"
        + " – pass cipher: to JobQueue and JobRegistry"
    case .unknownKey(let key, let known):
      "the payload is encrypted under the key \(key), which this program lacks"
        + " (it has \(known.sorted().joined(separator: ", "))) – add the key and retry the job"
    case .notAuthentic(let key):
      "the encrypted payload was changed, or belongs to another kind or queue, or its key \(key)"
        + " has another value"
    case .malformed: "expected an encrypted payload, got: something else under ong_encrypted"
    }
  }
}
