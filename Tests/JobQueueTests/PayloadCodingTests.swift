import Foundation
import JobQueue
import Testing

private struct Sample: Codable, Equatable {
  var at: Date
  var text: String
  var number: Int64
  var blob: Data
}

@Suite("Payload coding")
struct PayloadCodingTests {
  @Test("a payload comes back as it went, dates to the millisecond, 64-bit numbers exactly")
  func roundTrip() throws {
    let sample = Sample(
      at: Date(timeIntervalSince1970: 1_700_000_000.123), text: "Khối thi đua 'ỗ'",
      number: Int64.max, blob: Data([0, 255]))
    let json = try PayloadCoding.encode(sample)
    #expect(json.contains("2023-11-14T22:13:20.123Z"))
    let back = try PayloadCoding.decode(Sample.self, from: Data(json.utf8))
    #expect(abs(back.at.timeIntervalSince(sample.at)) < 0.001)
    #expect(back.text == sample.text)
    #expect(back.number == sample.number)
    #expect(back.blob == sample.blob)
  }

  @Test(
    "dates are understood as PostgreSQL, Python, PHP and JavaScript write them",
    arguments: [
      "2023-11-14T22:13:20Z", "2023-11-14T22:13:20.5Z", "2023-11-14T22:13:20.123456+00:00",
      "2023-11-15T05:13:20+07:00", "2023-11-15T05:13:20.123+07:00",
    ])
  func foreignDates(_ text: String) throws {
    let date = try PayloadCoding.decode([Date].self, from: Data("[\"\(text)\"]".utf8))[0]
    #expect(abs(date.timeIntervalSince1970 - 1_700_000_000) < 1)
  }

  @Test("a date that is none is refused with its text")
  func badDate() {
    #expect(throws: DecodingError.self) {
      try PayloadCoding.decode([Date].self, from: Data("[\"tomorrow\"]".utf8))
    }
  }
}
