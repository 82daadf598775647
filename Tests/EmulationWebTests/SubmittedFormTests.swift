import JobQueueTesting
import Testing

@testable import EmulationWeb

struct SubmittedFormTests {
  @Test func `fields are decoded, plus and percent and Vietnamese`() throws {
    let form = try #require(SubmittedForm(Array("a=97%2C5&b=%C4%91+%E1%BB%83&c=&d".utf8)))
    #expect(form["a"] == "97,5")
    #expect(form["b"] == "đ ể")
    #expect(form["c"] == "")
    #expect(form["d"] == "")
    #expect(form["e"] == nil)
  }

  @Test(arguments: ["a=%", "a=%4", "a=%zz", "a=%FF", "a=%C4", "a=%00", "a=1&a=2", "%=1"])
  func `what no browser sends is refused`(body: String) {
    #expect(SubmittedForm(Array(body.utf8)) == nil)
  }

  @Test func `more fields than any form has are refused`() {
    let body = (0...SubmittedForm.maxFields).map { "a\($0)=" }.joined(separator: "&")
    #expect(SubmittedForm(Array(body.utf8)) == nil)
  }

  @Test func `any bytes at all are read or refused, never a crash`() {
    var generator = SeededGenerator(0x5EED)
    for _ in 0..<2000 {
      let length = Int.random(in: 0..<40, using: &generator)
      let alphabet = Array("%&=+a1Ff\0".utf8) + [0xC4, 0x91, 0xFF]
      _ = SubmittedForm((0..<length).map { _ in alphabet.randomElement(using: &generator)! })
    }
  }
}
