/// The members of an object by their keys.
struct ObjectContainer<Key: CodingKey>: KeyedDecodingContainerProtocol {
  private let decoder: TapeDecoder
  private let end: Int
  /// Where to go on looking: types ask in the same order for each object, and dictionaries in the
  /// object's own, so that the next key is mostly the one behind the last. Few members need none.
  private let cursor: Cursor?

  private final class Cursor {
    var next: Int
    init(_ next: Int) { self.next = next }
  }

  init(_ decoder: TapeDecoder) throws {
    self.decoder = decoder
    end = try decoder.document.end(of: decoder.index) - 1
    let count = try decoder.document.count(at: decoder.index) ?? .max
    cursor = count > 8 ? Cursor(decoder.index + 1) : nil
  }

  private var document: JSONDocument { decoder.document }
  private var first: Int { decoder.index + 1 }

  var codingPath: [any CodingKey] { decoder.codingPath }

  var allKeys: [Key] {
    var keys: [Key] = []
    var place = first
    while place < end, let name = try? document.string(at: place) {
      if let key = Key(stringValue: name) { keys.append(key) }
      guard let next = try? document.end(of: place + 1) else { break }
      place = next
    }
    return keys
  }

  /// Where the member's value is.
  private func find(_ key: Key) throws -> Int? {
    var name = key.stringValue
    return try name.withUTF8 { name in
      guard let cursor else { return try find(name, from: first, to: end) }
      let start = cursor.next
      let found = try find(name, from: start, to: end) ?? find(name, from: first, to: start)
      if let found { cursor.next = try document.end(of: found) }
      return found
    }
  }

  private func find(_ name: UnsafeBufferPointer<UInt8>, from start: Int, to end: Int) throws -> Int?
  {
    var place = start
    while place < end {
      if try document.utf8(at: place).isSame(as: name) { return place + 1 }
      place = try document.end(of: place + 1)
    }
    return nil
  }

  @inline(__always)
  private func place(of key: Key) throws -> Int {
    guard let place = try find(key) else { throw JSONReadingError.mismatch }
    return place
  }

  func contains(_ key: Key) -> Bool { (try? find(key)) != nil }
  func decodeNil(forKey key: Key) throws -> Bool { try document.isNull(at: place(of: key)) }

  func decode(_ type: Bool.Type, forKey key: Key) throws -> Bool {
    try document.bool(at: place(of: key))
  }
  func decode(_ type: String.Type, forKey key: Key) throws -> String {
    try document.string(at: place(of: key))
  }
  func decode(_ type: Double.Type, forKey key: Key) throws -> Double {
    try document.double(at: place(of: key))
  }
  func decode(_ type: Float.Type, forKey key: Key) throws -> Float { throw document.beyondUs() }
  func decode(_ type: Int.Type, forKey key: Key) throws -> Int { try integer(key) }
  func decode(_ type: Int8.Type, forKey key: Key) throws -> Int8 { try integer(key) }
  func decode(_ type: Int16.Type, forKey key: Key) throws -> Int16 { try integer(key) }
  func decode(_ type: Int32.Type, forKey key: Key) throws -> Int32 { try integer(key) }
  func decode(_ type: Int64.Type, forKey key: Key) throws -> Int64 { try integer(key) }
  func decode(_ type: UInt.Type, forKey key: Key) throws -> UInt { try integer(key) }
  func decode(_ type: UInt8.Type, forKey key: Key) throws -> UInt8 { try integer(key) }
  func decode(_ type: UInt16.Type, forKey key: Key) throws -> UInt16 { try integer(key) }
  func decode(_ type: UInt32.Type, forKey key: Key) throws -> UInt32 { try integer(key) }
  func decode(_ type: UInt64.Type, forKey key: Key) throws -> UInt64 { try integer(key) }

  func decode<Value: Decodable>(_ type: Value.Type, forKey key: Key) throws -> Value {
    try decoder.at(place(of: key), key).value(type)
  }

  @inline(__always)
  private func integer<Integer: FixedWidthInteger>(_ key: Key) throws -> Integer {
    try document.integer(at: place(of: key))
  }

  func nestedContainer<Nested: CodingKey>(keyedBy type: Nested.Type, forKey key: Key) throws
    -> KeyedDecodingContainer<Nested>
  {
    try decoder.at(place(of: key), key).container(keyedBy: type)
  }

  func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer {
    try decoder.at(place(of: key), key).unkeyedContainer()
  }

  // Classes that inherit: rare, and left to Foundation.
  func superDecoder() throws -> any Decoder { throw document.beyondUs() }
  func superDecoder(forKey key: Key) throws -> any Decoder { throw document.beyondUs() }
}

extension UnsafeBufferPointer<UInt8> {
  @inline(__always)
  fileprivate func isSame(as other: Self) -> Bool {
    count == other.count && elementsEqual(other)
  }
}
