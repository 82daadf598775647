import Crypto
import Foundation

/// Keys as one line of text, for an environment variable or a secret's file:
/// `2026-11:BASE64,2026-05:BASE64`. The first is the current one.
extension EncryptionKeys {
  /// - Throws: `EncryptionKeysError`, which never quotes a key.
  public init(_ text: String) throws {
    var keys: [String: Data] = [:]
    var current: String?
    for entry in text.split(separator: ",") {
      let parts = entry.split(separator: ":", maxSplits: 1)
      guard parts.count == 2 else { throw EncryptionKeysError.badText }
      let name = parts[0].trimmingCharacters(in: .whitespacesAndNewlines)
      let base64 = parts[1].trimmingCharacters(in: .whitespacesAndNewlines)
      guard let key = Data(base64Encoded: base64) else { throw EncryptionKeysError.badKey(name) }
      guard keys.updateValue(key, forKey: name) == nil else {
        throw EncryptionKeysError.repeatedName(name)
      }
      current = current ?? name
    }
    guard let current else { throw EncryptionKeysError.badText }
    try self.init(current: current, keys: keys)
  }

  /// A new random key as an entry of that text: `name:BASE64`.
  public static func newEntry(named name: String) -> String {
    let key = SymmetricKey(size: .bits256).withUnsafeBytes { Data($0) }
    return "\(name):\(key.base64EncodedString())"
  }
}

/// Why keys are not usable. Never quotes a key.
public enum EncryptionKeysError: Error, Sendable, Hashable {
  case noCurrentKey(String)
  case badName(String)
  case badSize(String, bytes: Int)
  case badKey(String)
  case repeatedName(String)
  case badText
}

extension EncryptionKeysError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .noCurrentKey(let name): "expected a key named \(name), the current one, got: none"
    case .badName(let name):
      "expected a key's name to have 1 to 64 bytes without comma, colon and NUL, got: \(name.utf8.count) bytes"
    case .badSize(let name, let bytes): "expected key \(name) to have 32 bytes, got: \(bytes)"
    case .badKey(let name): "expected key \(name) to be Base64, got: other text"
    case .repeatedName(let name): "expected key \(name) once, got: two of that name"
    case .badText: "expected keys as name:BASE64,name:BASE64, got: another form"
    }
  }
}
