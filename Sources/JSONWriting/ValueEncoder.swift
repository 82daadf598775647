/// Writes one value where the text ends.
struct ValueEncoder: Encoder, SingleValueEncodingContainer {
  let sink: JSONSink
  /// Where the value begins. A value that is asked for a second time is left to Foundation.
  let start: Int

  var codingPath: [any CodingKey] { [] }
  var userInfo: [CodingUserInfoKey: Any] { [:] }

  func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
    begin()
    return KeyedEncodingContainer(ObjectWriter<Key>(sink: sink, place: sink.begin(object: true)))
  }

  func unkeyedContainer() -> any UnkeyedEncodingContainer {
    begin()
    return ArrayWriter(sink: sink, place: sink.begin(object: false))
  }

  func singleValueContainer() -> any SingleValueEncodingContainer { self }

  private func begin() {
    if sink.position != start { sink.beyondUs() }
  }

  func encodeNil() {
    begin()
    sink.writeNull()
  }
  func encode(_ value: Bool) {
    begin()
    sink.write(value)
  }
  func encode(_ value: String) {
    begin()
    sink.write(value)
  }
  func encode(_ value: Double) {
    begin()
    sink.write(value)
  }
  func encode(_ value: Float) {
    begin()
    sink.write(value)
  }
  func encode(_ value: Int) { integer(value) }
  func encode(_ value: Int8) { integer(value) }
  func encode(_ value: Int16) { integer(value) }
  func encode(_ value: Int32) { integer(value) }
  func encode(_ value: Int64) { integer(value) }
  func encode(_ value: UInt) { integer(value) }
  func encode(_ value: UInt8) { integer(value) }
  func encode(_ value: UInt16) { integer(value) }
  func encode(_ value: UInt32) { integer(value) }
  func encode(_ value: UInt64) { integer(value) }

  func encode(_ value: some Encodable) throws {
    begin()
    try sink.write(value)
  }

  private func integer(_ value: some FixedWidthInteger) {
    begin()
    sink.write(value)
  }
}
