package import Foundation

/// Reads payloads of one stored kind as values of today's type: decrypts, lifts, decodes.
///
/// A class, because its methods then find their generic types in the instance instead of looking
/// them up for each job.
package final class PayloadReader<Payload: JobPayload>: Sendable {
  package let storedKind: StoredKind
  private let cipher: (any PayloadCipher)?
  /// From the stored version to today's, in order.
  private let steps: [PayloadUpcaster]

  /// - Parameters:
  ///   - version: one of `Payload.readableVersions`.
  ///   - cipher: opens the encrypted ones; payloads in plain text are read as they are.
  package init(_ type: Payload.Type, version: Int, cipher: (any PayloadCipher)? = nil) {
    storedKind = StoredKind(name: type.kind, version: version)
    self.cipher = cipher
    let upcasters = type.upcasters
    steps = (version..<type.version).compactMap { upcasters[$0] }
  }

  /// - Throws: `UndecodablePayload`, and `PayloadEncryptionError` where another program may have the
  ///   key.
  package func read(_ json: Data, queue: String) throws -> Payload {
    try json.withUnsafeBytes { try read($0, queue: queue) }
  }

  /// - Parameter json: not kept.
  package func read(_ json: UnsafeRawBufferPointer, queue: String) throws -> Payload {
    if steps.isEmpty, !SealedPayload.isSealed(json) {
      do {
        return try PayloadCoding.decode(Payload.self, from: json)
      } catch {
        throw UndecodablePayload(error, type: Payload.self, isSecret: false)
      }
    }
    let stored = Data(json)
    guard let plain = try opened(stored, queue: queue) else {
      return try lift(stored, isSecret: false)
    }
    return try lift(plain, isSecret: true)
  }

  private func lift(_ json: Data, isSecret: Bool) throws -> Payload {
    do {
      let current = try steps.reduce(json) { try $1.convert($0) }
      return try PayloadCoding.decode(Payload.self, from: current)
    } catch {
      throw UndecodablePayload(error, type: Payload.self, isSecret: isSecret)
    }
  }

  /// Nil: it is in plain text.
  private func opened(_ json: Data, queue: String) throws -> Data? {
    do {
      guard let sealed = try SealedPayload(stored: json) else { return nil }
      guard let cipher else { throw PayloadEncryptionError(.noKeys(kind: Payload.kind)) }
      return try cipher.open(
        sealed, authenticating: SealedPayload.context(kind: storedKind.description, queue: queue))
    } catch let error as PayloadEncryptionError where error.isFinal {
      throw UndecodablePayload(reason: "\(error)")
    }
  }
}
