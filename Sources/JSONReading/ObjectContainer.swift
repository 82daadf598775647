/// The members of an object by their keys.
struct ObjectContainer<Key: CodingKey>: KeyedDecodingContainerProtocol {
  private let members: Members

  init(_ decoder: TapeDecoder) throws { members = try Members(of: decoder) }

  private var decoder: TapeDecoder { members.decoder }
  private var document: JSONDocument { members.document }

  var codingPath: [any CodingKey] { decoder.codingPath }
  var allKeys: [Key] { members.names.compactMap(Key.init(stringValue:)) }

  @inline(__always)
  private func place(of key: Key) throws -> Int {
    guard let place = try members.find(key.stringValue) else { throw JSONReadingError.mismatch }
    return place
  }

  func contains(_ key: Key) -> Bool { (try? members.find(key.stringValue)) != nil }
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
