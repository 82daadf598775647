import Foundation
import Testing

@testable import OngCommand

@Suite struct DurationTextTests {
  @Test(
    "A span is written in the few letters a table has",
    arguments: [
      (Duration.zero, "0ms"), (.milliseconds(850), "850ms"), (.microseconds(999_600), "1.0s"),
      (.milliseconds(3249), "3.2s"), (.milliseconds(59_960), "1m 00s"), (.seconds(245), "4m 05s"),
      (.seconds(3599.6), "1h 00m"), (.seconds(7380), "2h 03m"), (.seconds(446_400), "5d 4h"),
      (.seconds(-90), "-1m 30s"),
    ])
  func short(span: Duration, text: String) {
    #expect(DurationText.short(span) == text)
  }

  @Test("A missing moment is a dash")
  func missing() {
    #expect(DurationText.between(nil, and: Date()) == "–")
    #expect(
      DurationText.between(Date(timeIntervalSince1970: 0), and: Date(timeIntervalSince1970: 2))
        == "2.0s")
  }

  @Test(
    "A span is read as a person writes it",
    arguments: [
      ("500ms", Duration.milliseconds(500)), ("90s", .seconds(90)), ("1.5m", .seconds(90)),
      ("1h30m", .seconds(5400)), ("2d", .seconds(172_800)), ("0s", .zero),
    ])
  func parsed(text: String, span: Duration) {
    #expect(DurationText.parse(text) == span)
  }

  @Test(
    "What is no span is refused",
    arguments: ["", "5", "s", "-5s", "5 s", "1y", "1e9d", "99999999999d", "٣s", "1..2s"])
  func refused(text: String) {
    #expect(DurationText.parse(text) == nil)
  }
}
