/// A value of a payload, a result or a checkpoint that only the handler gets to see.
///
/// It is stored as `{"ong_secret": value}`. Whoever looks at jobs – `ong jobs show`, lists, JSON,
/// the views of the database – gets `{"ong_secret": null}` in its place, and printing it, or a
/// payload that holds it, says `[secret]`. Stored it is plain text: where the database itself must
/// not know it, encrypt the kind (`isEncrypted`).
///
///     struct Invite: Job {
///       static let kind = "invite.send"
///       var address: String
///       @Secret var code: String
///       …
///
/// A value without the mark decodes too, so that a field can become secret while jobs wait.
@propertyWrapper
public struct Secret<Value> {
  public var wrappedValue: Value

  public init(wrappedValue: Value) { self.wrappedValue = wrappedValue }
}

extension Secret: Sendable where Value: Sendable {}
extension Secret: Equatable where Value: Equatable {}
extension Secret: Hashable where Value: Hashable {}

/// How a secret is marked in JSON.
private enum SecretMark: String, CodingKey {
  case value = "ong_secret"
}

extension Secret: Encodable where Value: Encodable {
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: SecretMark.self)
    try container.encode(wrappedValue, forKey: .value)
  }
}

extension Secret: Decodable where Value: Decodable {
  /// - Throws: `DecodingError` that says where, and nothing of the value.
  public init(from decoder: any Decoder) throws {
    do {
      if let marked = try? decoder.container(keyedBy: SecretMark.self), marked.contains(.value) {
        wrappedValue = try marked.decode(Value.self, forKey: .value)
      } else {
        wrappedValue = try Value(from: decoder)
      }
    } catch {
      throw DecodingError.dataCorrupted(
        .init(codingPath: decoder.codingPath, debugDescription: "is a secret of another form"))
    }
  }
}

extension KeyedDecodingContainer {
  /// An optional secret may be absent, as other optional fields may.
  public func decode<Value: Decodable>(
    _ type: Secret<Value?>.Type, forKey key: Key
  ) throws -> Secret<Value?> {
    try decodeIfPresent(type, forKey: key) ?? Secret(wrappedValue: nil)
  }
}

extension Secret: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  public var description: String { "[secret]" }
  public var debugDescription: String { description }
  /// Without children, so that `dump` and a payload's own text show nothing.
  public var customMirror: Mirror { Mirror(self, children: [], displayStyle: .struct) }
}
