import EmulationAwards
import Foundation
import Testing

struct TextTests {
  @Test(
    "Numbers are read with a decimal comma and dots between thousands",
    arguments: [
      ("97,5", "97.5"), ("12", "12"), (" 1.250 ", "1250"), ("1.250,75", "1250.75"),
      ("2.340.000", "2340000"), ("-1,5", "-1.5"), ("0", "0"),
    ])
  func numbers(text: String, value: String) {
    #expect(DecimalText.number(text) == decimal(value))
  }

  @Test(
    "Anything that could be read in two ways or not at all is no number",
    arguments: [
      "", " ", "97.5", "1.25", "1,2,3", ",5", "5,", "1e3", "12a", "٣", "1.2345", ".250", "1 000",
      "123456789012345678901", "--1", "1.250.00",
    ])
  func notNumbers(text: String) {
    #expect(DecimalText.number(text) == nil)
  }

  @Test("Plain numbers are read back")
  func roundTrip() {
    for text in ["97.5", "0", "1250.75", "-3.2"] {
      #expect(DecimalText.number(DecimalText.plain(decimal(text))) == decimal(text))
    }
    #expect(DecimalText.plain(decimal("97.5")) == "97,5")
  }

  @Test("Days below 10 and only the months 1 and 2 take a leading zero")
  func dates() {
    func day(_ iso: String) -> String? { CalendarDay(iso: iso)?.vietnamese }
    #expect(day("2024-01-05") == "ngày 05 tháng 01 năm 2024")
    #expect(day("2024-02-29") == "ngày 29 tháng 02 năm 2024")
    #expect(day("2023-06-09") == "ngày 09 tháng 6 năm 2023")
    #expect(day("2023-12-29") == "ngày 29 tháng 12 năm 2023")
  }

  @Test(
    "Days that do not exist are no days",
    arguments: [
      "2023-02-29", "2023-13-01", "2023-04-31", "2023-1-01", "23-01-01", "", "2023-01-1x",
    ])
  func noDays(text: String) {
    #expect(CalendarDay(iso: text) == nil)
  }

  @Test("Texts are kept in normalisation form C")
  func normalised() {
    let decomposed = "Hội Chữ thập đỏ".decomposedStringWithCanonicalMapping
    let text = LocalizedText(vi: decomposed, en: "")
    #expect(Array(text.vi.unicodeScalars) == Array("Hội Chữ thập đỏ".unicodeScalars))
  }

  @Test("Periods move forward and return only before they are final")
  func states() {
    #expect(PeriodState.scoring.canMove(to: .crossCheck))
    #expect(PeriodState.crossCheck.canMove(to: .scoring))
    #expect(!PeriodState.finalized.canMove(to: .meeting))
    #expect(!PeriodState.scoring.canMove(to: .published))
    for state in PeriodState.allCases where state.isFinal {
      #expect(state.successors.filter { !$0.isFinal } == [])
      #expect(SheetStage.allCases.filter { state.accepts($0) } == [])
    }
  }
}
