/// The elements of an array as they are written.
struct ArrayWriter: UnkeyedEncodingContainer {
  let sink: JSONSink
  let place: JSONSink.Place

  var codingPath: [any CodingKey] { [] }
  var count: Int { sink.count(of: place) }

  func encodeNil() {
    sink.next(in: place)
    sink.writeNull()
  }
  func encode(_ value: Bool) {
    sink.next(in: place)
    sink.write(value)
  }
  func encode(_ value: String) {
    sink.next(in: place)
    sink.write(value)
  }
  func encode(_ value: Double) {
    sink.next(in: place)
    sink.write(value)
  }
  func encode(_ value: Float) {
    sink.next(in: place)
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
    sink.next(in: place)
    try sink.write(value)
  }

  private func integer(_ value: some FixedWidthInteger) {
    sink.next(in: place)
    sink.write(value)
  }

  func nestedContainer<Nested: CodingKey>(keyedBy type: Nested.Type)
    -> KeyedEncodingContainer<Nested>
  {
    sink.next(in: place)
    return KeyedEncodingContainer(ObjectWriter<Nested>(sink: sink, place: sink.begin(object: true)))
  }

  func nestedUnkeyedContainer() -> any UnkeyedEncodingContainer {
    sink.next(in: place)
    return ArrayWriter(sink: sink, place: sink.begin(object: false))
  }

  func superEncoder() -> any Encoder { sink.leftToFoundation() }
}
