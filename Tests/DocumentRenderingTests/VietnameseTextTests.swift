import DocumentRendering
import Foundation
import Testing

@Suite("Vietnamese dates and numbers")
struct VietnameseTextTests {
  @Test(
    "a date has a leading 0 for days below 10 and for the months 1 and 2 only",
    arguments: [
      (2024, 1, 5, "ngày 05 tháng 01 năm 2024"), (2023, 6, 29, "ngày 29 tháng 6 năm 2023"),
      (2023, 2, 28, "ngày 28 tháng 02 năm 2023"), (2023, 3, 1, "ngày 01 tháng 3 năm 2023"),
      (2023, 12, 31, "ngày 31 tháng 12 năm 2023"),
    ])
  func date(year: Int, month: Int, day: Int, expected: String) {
    #expect(DocumentDate(year: year, month: month, day: day)?.vietnamese == expected)
  }

  @Test("a day that the calendar lacks is no date")
  func noSuchDay() {
    #expect(DocumentDate(year: 2023, month: 2, day: 29) == nil)
    #expect(DocumentDate(year: 2024, month: 2, day: 29) != nil)
    #expect(DocumentDate(year: 1900, month: 2, day: 29) == nil)
    #expect(DocumentDate(year: 2024, month: 13, day: 1) == nil)
    #expect(DocumentDate(year: 2024, month: 4, day: 31) == nil)
  }

  @Test(
    "a number has a decimal comma and a dot between thousands",
    arguments: [
      ("97.5", 1, "97,5"), ("2340000", 0, "2.340.000"), ("999.995", 2, "1.000,00"),
      ("-1234.5", 2, "-1.234,50"), ("0", 2, "0,00"), ("-0.001", 2, "0,00"), ("0.125", 2, "0,13"),
      ("123", 0, "123"),
    ])
  func number(value: String, digits: Int, expected: String) throws {
    let decimal = try #require(Decimal(string: value))
    #expect(VietnameseNumber.string(decimal, fractionDigits: digits) == expected)
  }

  @Test("a document number below 10 has a leading 0, and a missing one leaves room")
  func documentNumber() {
    #expect(DocumentNumber(5, symbol: "BC-KTĐ").line == "Số: 05/BC-KTĐ")
    #expect(DocumentNumber(105, symbol: "BC-KTĐ").line == "Số: 105/BC-KTĐ")
    #expect(DocumentNumber(symbol: "BC-KTĐ").line.hasSuffix("\u{A0}/BC-KTĐ"))
  }
}
