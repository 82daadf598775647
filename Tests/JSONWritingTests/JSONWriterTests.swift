import Foundation
import JSONWriting
import JobQueueTesting
import Testing

/// The writer against Foundation's encoder, which is the measure.
@Suite("JSON writer")
struct JSONWriterTests {
  private let foundation: JSONEncoder = {
    let encoder = JSONEncoder()
    encoder.dateEncodingStrategy = .custom { date, encoder in
      var container = encoder.singleValueContainer()
      try container.encode(Self.text(date))
    }
    return encoder
  }()

  private static func text(_ date: Date) -> String { date.ISO8601Format() }

  private func write(_ value: some Encodable) -> String? {
    JSONWriter(dates: Self.text).encode(value).map { String(decoding: $0, as: UTF8.self) }
  }

  /// As an object that can be compared, whatever the order of keys.
  private func object(_ json: Data) throws -> NSObject {
    try #require(
      JSONSerialization.jsonObject(with: json, options: .fragmentsAllowed) as? NSObject)
  }

  private func expectSame(
    _ value: some Encodable, sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let ours = try #require(write(value), sourceLocation: sourceLocation)
    let theirs = try foundation.encode(value)
    #expect(
      try object(Data(ours.utf8)) == object(theirs),
      "\(ours), expected \(String(decoding: theirs, as: UTF8.self))",
      sourceLocation: sourceLocation)
  }

  @Test("writes random values as Foundation does")
  func random() throws {
    var generator = SeededGenerator(20_261_123)
    for _ in 0..<2000 {
      let parcel = Parcel.random(using: &generator)
      try expectSame(parcel)
      try expectSame([parcel.step])
    }
  }

  @Test("writes what stands alone, and what is empty")
  func fragments() throws {
    try expectSame("Hội Sinh vật cảnh \"A\"\n\t\\/ \u{0}\u{1f}\u{7f}\u{2028} 😀")
    try expectSame(-1)
    try expectSame(true)
    try expectSame([Int]())
    try expectSame([String: Int]())
    try expectSame([Mute(), Mute()])
    try expectSame([nil, 1] as [Int?])
    try expectSame(Flat(keys: []))
    try expectSame(Date(timeIntervalSince1970: 0))
  }

  /// The same digits, not only the same number: a result's text is compared by people.
  @Test(
    "numbers have Foundation's digits",
    arguments: [0, -0.0, 1, 1.5, 0.1, 1e15, 1e16, 1e17, 1e22, 123456789.125, 5e-324, -1e300])
  func digits(number: Double) throws {
    #expect(write(number) == String(decoding: try foundation.encode(number), as: UTF8.self))
  }

  @Test("containers within containers, one after the other")
  func nested() throws {
    try expectSame(
      ByHand { encoder in
        var object = encoder.container(keyedBy: AB.self)
        var list = object.nestedUnkeyedContainer(forKey: .a)
        try list.encode(1)
        var deep = list.nestedContainer(keyedBy: AB.self)
        try deep.encodeNil(forKey: .b)
        try deep.encode(["x"], forKey: .c)
        _ = list.nestedUnkeyedContainer()
        #expect(list.count == 3)
        try object.encode(Mute(), forKey: .b)
        _ = object.nestedContainer(keyedBy: AB.self, forKey: .c)
      })
  }

  @Test("leaves to Foundation what is not written in one go")
  func leaves() {
    let interleaved = ByHand { encoder in
      var object = encoder.container(keyedBy: AB.self)
      var list = object.nestedUnkeyedContainer(forKey: .a)
      try object.encode(1, forKey: .b)
      try list.encode(2)
    }
    let twice = ByHand { encoder in
      var first = encoder.container(keyedBy: AB.self)
      try first.encode(1, forKey: .a)
      var second = encoder.container(keyedBy: AB.self)
      try second.encode(2, forKey: .b)
    }
    let outer = ByHand { encoder in
      var object = encoder.container(keyedBy: AB.self)
      let inner = object
      try object.encode(
        ByHand { _ in
          var inner = inner
          try inner.encode(1, forKey: .b)
        }, forKey: .a)
    }
    let swallowed = ByHand { encoder in
      var object = encoder.container(keyedBy: AB.self)
      try? object.encode(ByHand { _ in throw CancellationError() }, forKey: .a)
      try object.encode(1, forKey: .b)
    }
    for value in [interleaved, twice, outer, swallowed] { #expect(write(value) == nil) }
    #expect(write(Derived()) == nil)
    #expect(write(Mute()) == nil)
    #expect(write([Double.nan]) == nil)
    #expect(write(ByHand { _ in throw CancellationError() }) == nil)
  }

  @Test("writes one value after the other, whatever became of those before")
  func again() throws {
    let writer = JSONWriter(dates: Self.text)
    let first = try #require(writer.encode(["a": 1]))
    #expect(writer.encode([Double.nan]) == nil)
    #expect(writer.encode(ByHand { _ in throw CancellationError() }) == nil)
    let second = try #require(writer.encode([2, 3]))
    #expect(String(decoding: first, as: UTF8.self) == #"{"a":1}"#)
    #expect(String(decoding: second, as: UTF8.self) == "[2,3]")
  }
}

extension Parcel {
  fileprivate static func random(using generator: inout SeededGenerator) -> Parcel {
    let texts = ["", "a", "đ", "\"", "\\", "\n", "😀", "/", "\u{8}", "unit@example.vn", "Hội"]
    func text() -> String {
      (0..<Int.random(in: 0..<4, using: &generator))
        .map { _ in texts.randomElement(using: &generator) ?? "" }.joined()
    }
    func maybe<Value>(_ value: Value) -> Value? { Bool.random(using: &generator) ? value : nil }
    func step(_ depth: Int) -> Step {
      switch Int.random(in: depth > 3 ? 0..<2 : 0..<3, using: &generator) {
      case 0: .idle
      case 1: .wait(seconds: Int.random(in: -5...5, using: &generator))
      default: .then(step(depth + 1), step(depth + 1))
      }
    }
    let number = Double.random(in: -1e6...1e6, using: &generator)
    return Parcel(
      n: .random(in: .min ... .max, using: &generator), to: text(),
      small: maybe(.random(in: .min ... .max, using: &generator)),
      large: maybe(.random(in: .min ... .max, using: &generator)), share: maybe(number),
      ratio: maybe(0.5), approved: maybe(Bool.random(using: &generator)),
      at: maybe(Date(timeIntervalSince1970: number.rounded())), bytes: maybe(Data(text().utf8)),
      page: maybe(URL(filePath: "/a b")), price: maybe(Decimal(string: "12345678.125") ?? 0),
      id: maybe(UUID()), names: maybe([text(): [text()], "x": []]),
      places: maybe([1: text(), -2: ""]), grid: maybe([[1, nil], [], [number]]),
      step: maybe(step(0)))
  }
}
