import Foundation
import JSONReading
import JobQueueTesting
import Testing

/// The reader against Foundation's decoder, which is the measure.
@Suite("JSON reader")
struct JSONReaderTests {
  static let texts = [
    #"{"n": 1, "to": "unit@example.vn"}"#,
    #"{"to": "Hội Sinh vật cảnh \"A\"\n\t\\ 😀", "n": -9223372036854775808, "small": -128}"#,
    #"{"n": 9223372036854775807, "to": "", "large": 18446744073709551615, "unsigned": 65535}"#,
    #"{"n": 0, "to": "x", "share": 0.1, "approved": true, "level": "high", "scores": [1, 2.5, -3e-7, 1e300]}"#,
    #"{"n": 0, "to": "x", "at": "2026-11-22T07:00:00.250Z", "bytes": "AAEC/w=="}"#,
    #"{"n": 0, "to": "x", "inner": {"id": "0F0E0D0C-0B0A-0908-0706-050403020100", "notes": ["a", "b"], "width": 3}}"#,
    #"{"n": 0, "to": "x", "names": {"a": {"notes": []}, "b": {"notes": ["c"], "width": "wide"}}}"#,
    #"{"n": 0, "to": "x", "step": {"then": {"_0": {"wait": {"seconds": 1}}, "_1": {"wait": {"seconds": 2}}}}}"#,
    #"{"n": 0, "to": "x", "grid": [[1, 2], [], [3]], "gaps": [1, null, 2], "small": null, "more": {"a": [{}]}}"#,
  ]

  /// Nil: the reader leaves the text to Foundation.
  private func read<Value: Decodable>(_ type: Value.Type, _ json: String) -> Value? {
    read(type, Array(json.utf8))
  }

  private func read<Value: Decodable>(_ type: Value.Type, _ json: [UInt8]) -> Value? {
    json.withUnsafeBytes { try? JSONReader.decode(type, from: $0, dates: Self.date) }
  }

  static func date(_ text: String) -> Date? {
    try? Date.ISO8601FormatStyle(includingFractionalSeconds: true).parse(text)
  }

  private let foundation: JSONDecoder = {
    let decoder = JSONDecoder()
    decoder.dateDecodingStrategy = .custom { decoder in
      let container = try decoder.singleValueContainer()
      if let date = Self.date(try container.decode(String.self)) { return date }
      throw DecodingError.dataCorruptedError(in: container, debugDescription: "no date")
    }
    return decoder
  }()

  @Test("reads what Foundation reads", arguments: texts)
  func reads(text: String) throws {
    let theirs = try foundation.decode(Sample.self, from: Data(text.utf8))
    #expect(read(Sample.self, text) == theirs)
  }

  /// Each text with some of its bytes changed: mostly broken JSON or values that do not fit.
  @Test("takes nothing that Foundation does not take")
  func mutations() throws {
    var generator = SeededGenerator(20_261_122)
    let alphabet = Array(#"{}[]:,"\ 0123456789.-+eEtfnua"#.utf8) + [0xC3, 0x00]
    var taken = 0
    for _ in 0..<20_000 {
      var bytes = Array(try #require(Self.texts.randomElement(using: &generator)).utf8)
      for _ in 0..<Int.random(in: 1...2, using: &generator) {
        let place = Int.random(in: 0..<bytes.count, using: &generator)
        let byte = try #require(alphabet.randomElement(using: &generator))
        switch Int.random(in: 0..<3, using: &generator) {
        case 0: bytes[place] = byte
        case 1: bytes.insert(byte, at: place)
        default: bytes.remove(at: place)
        }
      }
      guard let ours = read(Sample.self, bytes) else { continue }
      taken += 1
      let theirs = try? foundation.decode(Sample.self, from: Data(bytes))
      #expect(ours == theirs, "\(String(decoding: bytes, as: UTF8.self))")
    }
    #expect(taken > 4000, "the mutations leave too little that can be read")
  }

  @Test(
    "leaves to Foundation what it does not do alike",
    arguments: [#"{"price": 0.1}"#, #"{"page": "https://example.vn"}"#, #"{"ratio": 0.1}"#])
  func exact(text: String) throws {
    #expect(read(Exact.self, text) == nil)
    #expect(read(Exact.self, "{}") == Exact())
  }

  @Test("an integer that is written as 1.0 is left to Foundation, though the type would go on")
  func swallowed() {
    #expect(read([Sample.Width].self, "[1, 2.0]") == nil)
    #expect(read([Sample.Width].self, "[1, 2]") == [.number(1), .number(2)])
  }

  @Test("a class that inherits is left to Foundation")
  func inheritance() {
    #expect(read(Derived.self, #"{"own": "a", "super": {"base": 1}}"#) == nil)
    #expect(read(Base.self, #"{"base": 1}"#)?.base == 1)
  }

  @Test(
    "leaves what is no JSON, too large or too deep",
    arguments: [
      "", " ", "{", "nul", "{}{}", #"{"a": 1"#, "[1e999]", "[123456789012345678901234567890]",
      String(repeating: "[", count: 600) + String(repeating: "]", count: 600),
    ])
  func malformed(text: String) { #expect(read(JSONAny.self, text) == nil) }

  @Test("finds the members of large objects in any order, and all keys")
  func large() throws {
    let numbers = Dictionary(uniqueKeysWithValues: (0..<5000).map { ("key\($0)", $0) })
    let text = String(decoding: try JSONEncoder().encode(numbers), as: UTF8.self)
    #expect(read([String: Int].self, text) == numbers)
  }

  @Test("a value of 5 MB is read whole, and the next small one too")
  func huge() {
    let text = String(repeating: "ă", count: 2_500_000)
    #expect(read([String].self, #"["\#(text)"]"#) == [text])
    #expect(read([String].self, #"["a"]"#) == ["a"])
  }

  @Test("tells the path to a value, and a decoder that is kept ends with the call")
  func path() throws {
    let found = try #require(read([String: [Path]].self, #"{"a": [{}, {}]}"#))
    #expect(found["a"]?.map(\.keys) == [["a", "Index 0"], ["a", "Index 1"]])
    let kept = try #require(found["a"]?.first?.decoder)
    #expect(throws: (any Error).self) { try kept.singleValueContainer().decode(Int.self) }
    #expect(throws: (any Error).self) { try [String: Int](from: kept) }
  }

  @Test("a type that decodes another text while it is decoded disturbs nothing")
  func nested() { #expect(read([Nesting].self, "[1, 2]")?.map(\.value) == [[1, 7], [2, 7]]) }

  @Test("threads do not share a parser")
  func threads() async {
    await withTaskGroup(of: Bool.self) { group in
      for task in 0..<8 {
        group.addTask {
          (0..<2000).allSatisfy { round in
            self.read([Int].self, "[\(task), \(round)]") == [task, round]
          }
        }
      }
      for await isRight in group { #expect(isRight) }
    }
  }
}

private struct Nesting: Decodable {
  let value: [Int]

  init(from decoder: any Decoder) throws {
    let inner = Array("[7]".utf8).withUnsafeBytes {
      try? JSONReader.decode([Int].self, from: $0) { _ in nil }
    }
    value = [try decoder.singleValueContainer().decode(Int.self)] + (inner ?? [])
  }
}

/// Takes any JSON and looks at none of it.
private struct JSONAny: Decodable {
  init(from decoder: any Decoder) throws {}
}
