import Foundation
import Testing

@testable import OngCommand

@Suite struct DisplayWidthTests {
  @Test(
    "Letters take the columns a terminal gives them",
    arguments: [
      ("", 0), ("ong thợ", 7), ("Hội Người cao tuổi", 18), ("Ho\u{302}\u{323}i", 3),
      ("khối".decomposedStringWithCanonicalMapping, 4), ("蜂", 2), ("ong 蜂!", 7), ("🐝", 2), ("₫", 1),
      ("e\u{301}", 1),
      ("👩‍🌾", 2), ("✔️", 2),
    ])
  func width(text: String, columns: Int) {
    #expect(DisplayWidth.of(text) == columns)
  }

  @Test("Truncated text fits its width and says that something is missing")
  func truncation() {
    #expect("khối thi đua".truncated(toWidth: 12) == "khối thi đua")
    #expect("khối thi đua".truncated(toWidth: 6) == "khối …")
    #expect("蜂蜂蜂".truncated(toWidth: 4) == "蜂…")
    #expect("ab".truncated(toWidth: 1) == "…")
    #expect("ab".truncated(toWidth: 0) == "")
    #expect("Ho\u{302}\u{323}i nông dân".truncated(toWidth: 4) == "Ho\u{302}\u{323}i…")
  }

  @Test("Control characters of a value never reach the terminal")
  func controls() {
    #expect("a\u{1B}[31mb".printable() == "a␛[31mb")
    #expect("one\ntwo\tthree".printable() == "one two three")
    #expect("\u{7F}\u{85}\u{202E}".printable() == "␡\u{FFFD}\u{FFFD}")
    #expect("Đại hội".printable() == "Đại hội")
  }
}
