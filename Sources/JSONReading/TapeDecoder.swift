import Foundation

/// Decodes the value at one place of the tape.
struct TapeDecoder: Decoder {
  let document: JSONDocument
  let index: Int
  let path: JSONPath?

  var codingPath: [any CodingKey] { path?.keys ?? [] }
  var userInfo: [CodingUserInfoKey: Any] { [:] }

  func container<Key: CodingKey>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> {
    guard try document.kind(at: index) == .object else { throw JSONReadingError.mismatch }
    return KeyedDecodingContainer(try ObjectContainer<Key>(self))
  }

  func unkeyedContainer() throws -> any UnkeyedDecodingContainer {
    guard try document.kind(at: index) == .array else { throw JSONReadingError.mismatch }
    return try ArrayContainer(self)
  }

  func singleValueContainer() throws -> any SingleValueDecodingContainer { self }

  /// A decoder for a value inside this one.
  func at(_ index: Int, _ key: some CodingKey) -> TapeDecoder {
    TapeDecoder(document: document, index: index, path: JSONPath(key, in: path))
  }

  /// Any value. The types that Foundation's decoder treats in its own way are those here.
  func value<Value: Decodable>(_ type: Value.Type) throws -> Value {
    if type == Date.self { return try cast(document.date(at: index)) }
    if type == Data.self { return try cast(data()) }
    if type == URL.self || type == Decimal.self { throw document.beyondUs() }
    return try Value(from: self)
  }

  private func data() throws -> Data {
    guard let data = Data(base64Encoded: try document.string(at: index)) else {
      throw document.beyondUs()
    }
    return data
  }

  private func cast<Value>(_ value: some Any) throws -> Value {
    guard let value = value as? Value else { throw document.beyondUs() }
    return value
  }
}

extension TapeDecoder: SingleValueDecodingContainer {
  func decodeNil() -> Bool { (try? document.isNull(at: index)) ?? false }
  func decode(_ type: Bool.Type) throws -> Bool { try document.bool(at: index) }
  func decode(_ type: String.Type) throws -> String { try document.string(at: index) }
  func decode(_ type: Double.Type) throws -> Double { try document.double(at: index) }
  func decode(_ type: Float.Type) throws -> Float { throw document.beyondUs() }
  func decode(_ type: Int.Type) throws -> Int { try document.integer(at: index) }
  func decode(_ type: Int8.Type) throws -> Int8 { try document.integer(at: index) }
  func decode(_ type: Int16.Type) throws -> Int16 { try document.integer(at: index) }
  func decode(_ type: Int32.Type) throws -> Int32 { try document.integer(at: index) }
  func decode(_ type: Int64.Type) throws -> Int64 { try document.integer(at: index) }
  func decode(_ type: UInt.Type) throws -> UInt { try document.integer(at: index) }
  func decode(_ type: UInt8.Type) throws -> UInt8 { try document.integer(at: index) }
  func decode(_ type: UInt16.Type) throws -> UInt16 { try document.integer(at: index) }
  func decode(_ type: UInt32.Type) throws -> UInt32 { try document.integer(at: index) }
  func decode(_ type: UInt64.Type) throws -> UInt64 { try document.integer(at: index) }
  func decode<Value: Decodable>(_ type: Value.Type) throws -> Value { try value(type) }
}

/// The way to a value, which few types ask for: it is made a list of keys only then.
final class JSONPath {
  private let key: any CodingKey
  private let outer: JSONPath?

  init(_ key: some CodingKey, in outer: JSONPath?) {
    self.key = key
    self.outer = outer
  }

  var keys: [any CodingKey] {
    var keys: [any CodingKey] = []
    var path: JSONPath? = self
    while let here = path {
      keys.append(here.key)
      path = here.outer
    }
    return keys.reversed()
  }
}
