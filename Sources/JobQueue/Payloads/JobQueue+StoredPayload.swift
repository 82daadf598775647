import Foundation

extension JobQueue {
  /// A payload's JSON as it is stored in a queue: encrypted where its kind asks for that.
  ///
  /// - Throws: `EncodingError`; `PayloadEncryptionError` where a kind is encrypted and there are no
  ///   keys, or what the cipher throws.
  package func stored<Payload: JobPayload>(_ payload: Payload, in queue: String) throws -> String {
    try payload.stored(in: queue, cipher: cipher)
  }
}

extension JobPayload {
  package func stored(in queue: String, cipher: (any PayloadCipher)?) throws -> String {
    let json = try PayloadCoding.encode(self)
    guard Self.isEncrypted else { return json }
    guard let cipher else { throw PayloadEncryptionError(.noKeys(kind: Self.kind)) }
    let kind = Self.storedKind.description
    return try cipher.seal(
      Data(json.utf8), authenticating: SealedPayload.context(kind: kind, queue: queue)
    ).stored()
  }
}
