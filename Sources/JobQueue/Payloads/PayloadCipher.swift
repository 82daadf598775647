public import Foundation

/// Encrypts the payloads of the kinds that ask for it (`JobPayload.isEncrypted`). The product
/// PayloadEncryption has one over a ring of keys; an application may bring its own.
public protocol PayloadCipher: Sendable {
  /// The name of the key that `seal` uses now.
  var currentKey: String { get }
  /// Encrypts the JSON of a payload.
  ///
  /// - Parameter context: bytes that `open` has to be given alike: kind and queue.
  func seal(_ payload: Data, authenticating context: Data) throws -> SealedPayload
  /// The payload again.
  ///
  /// - Throws: `PayloadEncryptionError`: `.unknownKey` where another program may have the key,
  ///   `.notAuthentic` where nobody will ever open it.
  func open(_ sealed: SealedPayload, authenticating context: Data) throws -> Data
}

/// An encrypted payload, stored as `{"ong_encrypted": {"key": …, "data": …}}`, so that it stays JSON
/// and says which key it needs.
public struct SealedPayload: Sendable, Hashable, Codable {
  /// The name of the key, 1 to 64 bytes.
  public var key: String
  /// What the cipher made of the payload; Base64 in JSON.
  public var data: Data

  public init(key: String, data: Data) {
    self.key = key
    self.data = data
  }
}

extension SealedPayload {
  private struct Envelope: Codable {
    var payload: SealedPayload

    enum CodingKeys: String, CodingKey {
      case payload = "ong_encrypted"
    }
  }

  private static let start = Array(#"{"ong_encrypted":"#.utf8)

  /// A cheap look for the many payloads in plain text.
  package static func isSealed(_ json: UnsafeRawBufferPointer) -> Bool {
    json.count > start.count && json.starts(with: start)
  }

  /// Nil where this is a payload in plain text.
  package init?(stored json: Data) throws {
    guard json.withUnsafeBytes(Self.isSealed) else { return nil }
    guard let envelope = try? PayloadCoding.decode(Envelope.self, from: json) else {
      throw PayloadEncryptionError(.malformed)
    }
    self = envelope.payload
  }

  /// As it is stored.
  package func stored() throws -> String {
    try PayloadCoding.encode(Envelope(payload: self))
  }

  /// What binds a payload to its place: it can be opened as this kind and in this queue only.
  /// PostgreSQL's texts hold no NUL, so no other pair gives the same bytes.
  package static func context(kind: String, queue: String) -> Data {
    Data("\(kind)\0\(queue)".utf8)
  }
}
