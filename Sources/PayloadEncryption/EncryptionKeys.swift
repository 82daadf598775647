import Crypto
public import Foundation
public import JobQueue

/// A ring of keys that payloads are encrypted with: AES-256 in GCM mode, by swift-crypto. The current
/// key encrypts; all decrypt.
///
///     let keys = try EncryptionKeys(environment["PAYLOAD_KEYS"] ?? "")
///     let queue = JobQueue(pool: pool, cipher: keys)
///     var registry = JobRegistry(cipher: keys)
///
/// It prints its keys' names only. A key serves 4 billion payloads (nonces are 96 random bits):
/// rotate well before.
public struct EncryptionKeys: Sendable {
  /// The name of the key that new payloads are encrypted under.
  public let currentKey: String
  private let keys: [String: SymmetricKey]

  /// - Parameters:
  ///   - current: the name of the key to encrypt with; one of `keys`.
  ///   - keys: by name (1 to 64 bytes, no comma and no colon), 32 bytes each.
  /// - Throws: `EncryptionKeysError`.
  public init(current: String, keys: [String: Data]) throws {
    guard keys[current] != nil else { throw EncryptionKeysError.noCurrentKey(current) }
    for (name, key) in keys {
      guard 1...64 ~= name.utf8.count, !name.contains(where: { ",:\0".contains($0) }) else {
        throw EncryptionKeysError.badName(name)
      }
      guard key.count == 32 else { throw EncryptionKeysError.badSize(name, bytes: key.count) }
    }
    currentKey = current
    self.keys = keys.mapValues { SymmetricKey(data: $0) }
  }

  /// The names of all keys, sorted.
  public var names: [String] { keys.keys.sorted() }
}

extension EncryptionKeys: PayloadCipher {
  public func seal(_ payload: Data, authenticating context: Data) throws -> SealedPayload {
    guard let key = keys[currentKey] else { throw EncryptionKeysError.noCurrentKey(currentKey) }
    let box = try AES.GCM.seal(payload, using: key, authenticating: context)
    guard let data = box.combined else { throw PayloadEncryptionError(.malformed) }
    return SealedPayload(key: currentKey, data: data)
  }

  public func open(_ sealed: SealedPayload, authenticating context: Data) throws -> Data {
    guard let key = keys[sealed.key] else {
      throw PayloadEncryptionError(.unknownKey(sealed.key, known: names))
    }
    do {
      return try AES.GCM.open(
        AES.GCM.SealedBox(combined: sealed.data), using: key, authenticating: context)
    } catch {
      throw PayloadEncryptionError(.notAuthentic(key: sealed.key))
    }
  }
}

extension EncryptionKeys: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  public var description: String { "keys \(names.joined(separator: ", ")); current: \(currentKey)" }
  public var debugDescription: String { description }
  /// What `dump` and test failures show: no key.
  public var customMirror: Mirror { Mirror(self, children: ["names": names]) }
}
