/// The members of an object as they are written.
struct ObjectWriter<Key: CodingKey>: KeyedEncodingContainerProtocol {
  let sink: JSONSink
  let place: JSONSink.Place

  var codingPath: [any CodingKey] { [] }

  @inline(__always)
  private func member(_ key: Key) { sink.next(in: place, key: key.stringValue) }

  func encodeNil(forKey key: Key) {
    member(key)
    sink.writeNull()
  }
  func encode(_ value: Bool, forKey key: Key) {
    member(key)
    sink.write(value)
  }
  func encode(_ value: String, forKey key: Key) {
    member(key)
    sink.write(value)
  }
  func encode(_ value: Double, forKey key: Key) {
    member(key)
    sink.write(value)
  }
  func encode(_ value: Float, forKey key: Key) {
    member(key)
    sink.write(value)
  }
  func encode(_ value: Int, forKey key: Key) { integer(value, key) }
  func encode(_ value: Int8, forKey key: Key) { integer(value, key) }
  func encode(_ value: Int16, forKey key: Key) { integer(value, key) }
  func encode(_ value: Int32, forKey key: Key) { integer(value, key) }
  func encode(_ value: Int64, forKey key: Key) { integer(value, key) }
  func encode(_ value: UInt, forKey key: Key) { integer(value, key) }
  func encode(_ value: UInt8, forKey key: Key) { integer(value, key) }
  func encode(_ value: UInt16, forKey key: Key) { integer(value, key) }
  func encode(_ value: UInt32, forKey key: Key) { integer(value, key) }
  func encode(_ value: UInt64, forKey key: Key) { integer(value, key) }

  func encode(_ value: some Encodable, forKey key: Key) throws {
    member(key)
    try sink.write(value)
  }

  private func integer(_ value: some FixedWidthInteger, _ key: Key) {
    member(key)
    sink.write(value)
  }

  func nestedContainer<Nested: CodingKey>(keyedBy type: Nested.Type, forKey key: Key)
    -> KeyedEncodingContainer<Nested>
  {
    member(key)
    return KeyedEncodingContainer(ObjectWriter<Nested>(sink: sink, place: sink.begin(object: true)))
  }

  func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer {
    member(key)
    return ArrayWriter(sink: sink, place: sink.begin(object: false))
  }

  func superEncoder() -> any Encoder { sink.leftToFoundation() }
  func superEncoder(forKey key: Key) -> any Encoder { sink.leftToFoundation() }
}

extension JSONSink {
  /// For classes that inherit: they may write at any later time.
  func leftToFoundation() -> any Encoder {
    beyondUs()
    return ValueEncoder(sink: self, start: position)
  }
}
