/// The elements of an array, one after the other.
struct ArrayContainer: UnkeyedDecodingContainer {
  private let decoder: TapeDecoder
  private let end: Int
  /// Of the next element.
  private var place: Int
  private(set) var currentIndex = 0
  let count: Int?

  init(_ decoder: TapeDecoder) throws {
    self.decoder = decoder
    end = try decoder.document.end(of: decoder.index) - 1
    count = try decoder.document.count(at: decoder.index)
    place = decoder.index + 1
  }

  private var document: JSONDocument { decoder.document }

  var codingPath: [any CodingKey] { decoder.codingPath }
  var isAtEnd: Bool { place >= end }

  /// Reads the next element; a failing one stays the next.
  private mutating func next<Value>(_ read: (Int) throws -> Value) throws -> Value {
    guard !isAtEnd else { throw JSONReadingError.mismatch }
    let value = try read(place)
    place = try document.end(of: place)
    currentIndex += 1
    return value
  }

  private mutating func integer<Integer: FixedWidthInteger>() throws -> Integer {
    try next { [document] in try document.integer(at: $0) }
  }

  /// A decoder for the next element.
  private mutating func nested<Value>(_ read: (TapeDecoder) throws -> Value) throws -> Value {
    let (decoder, key) = (decoder, ArrayKey(index: currentIndex))
    return try next { try read(decoder.at($0, key)) }
  }

  mutating func decodeNil() throws -> Bool {
    guard !isAtEnd else { throw JSONReadingError.mismatch }
    guard try document.isNull(at: place) else { return false }
    return try next { _ in true }
  }

  mutating func decode(_ type: Bool.Type) throws -> Bool {
    try next { [document] in try document.bool(at: $0) }
  }
  mutating func decode(_ type: String.Type) throws -> String {
    try next { [document] in try document.string(at: $0) }
  }
  mutating func decode(_ type: Double.Type) throws -> Double {
    try next { [document] in try document.double(at: $0) }
  }
  mutating func decode(_ type: Float.Type) throws -> Float { throw document.beyondUs() }
  mutating func decode(_ type: Int.Type) throws -> Int { try integer() }
  mutating func decode(_ type: Int8.Type) throws -> Int8 { try integer() }
  mutating func decode(_ type: Int16.Type) throws -> Int16 { try integer() }
  mutating func decode(_ type: Int32.Type) throws -> Int32 { try integer() }
  mutating func decode(_ type: Int64.Type) throws -> Int64 { try integer() }
  mutating func decode(_ type: UInt.Type) throws -> UInt { try integer() }
  mutating func decode(_ type: UInt8.Type) throws -> UInt8 { try integer() }
  mutating func decode(_ type: UInt16.Type) throws -> UInt16 { try integer() }
  mutating func decode(_ type: UInt32.Type) throws -> UInt32 { try integer() }
  mutating func decode(_ type: UInt64.Type) throws -> UInt64 { try integer() }
  mutating func decode<Value: Decodable>(_ type: Value.Type) throws -> Value {
    try nested { try $0.value(type) }
  }

  mutating func nestedContainer<Nested: CodingKey>(keyedBy type: Nested.Type) throws
    -> KeyedDecodingContainer<Nested>
  {
    try nested { try $0.container(keyedBy: type) }
  }

  mutating func nestedUnkeyedContainer() throws -> any UnkeyedDecodingContainer {
    try nested { try $0.unkeyedContainer() }
  }

  mutating func superDecoder() throws -> any Decoder { throw document.beyondUs() }
}

/// An element's place in an array, as a key of a coding path.
private struct ArrayKey: CodingKey {
  let index: Int
  var intValue: Int? { index }
  var stringValue: String { "Index \(index)" }

  init(index: Int) { self.index = index }
  init(intValue: Int) { index = intValue }
  init?(stringValue: String) { nil }
}
