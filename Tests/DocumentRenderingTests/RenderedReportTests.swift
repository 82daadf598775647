import DocumentRendering
import Foundation
import Testing

@Suite("A rendered report")
struct RenderedReportTests {
  @Test("gives back its Vietnamese text in NFC, also when the input is decomposed")
  func textIsNFC() throws {
    var document = YearEndReport.document()
    let decomposed = "Hội Bảo trợ người khuyết tật và trẻ em mồ côi"
      .decomposedStringWithCanonicalMapping
    document.body = [.paragraph(StyledText(decomposed))]
    let text = try RenderedFile(document).words()
    #expect(
      text.unicodeScalars.elementsEqual(text.precomposedStringWithCanonicalMapping.unicodeScalars))
    #expect(text.contains("Hội Bảo trợ người khuyết tật và trẻ em mồ côi./."))
  }

  @Test("has NFC metadata, also when the input is decomposed")
  func metadataIsNFC() throws {
    var document = YearEndReport.document()
    document.title.abstract = "Tổng kết".decomposedStringWithCanonicalMapping
    let title = try #require(try RenderedFile(document).info()["Title"])
    #expect(title.unicodeScalars.elementsEqual("Báo cáo Tổng kết".unicodeScalars))
  }

  @Test("contains every word of its paragraphs and table")
  func everyWord() throws {
    let words = Set(try RenderedFile(YearEndReport.document()).words().split(separator: " "))
    let table = YearEndReport.table(rows: 15).rows.flatMap { $0 }.map(\.text.plain)
    let paragraphs = (YearEndReport.opening + YearEndReport.closing).compactMap {
      if case .paragraph(let text) = $0 { text.plain } else { nil }
    }
    let expected = (table + paragraphs.dropLast()).flatMap {
      $0.split(whereSeparator: \.isWhitespace)
    }
    #expect(expected.filter { !words.contains($0) } == [])
  }

  @Test("embeds faces of Tinos only")
  func onlyTinos() throws {
    let fonts = try RenderedFile(YearEndReport.document()).fonts()
    #expect(fonts == ["Tinos", "Tinos-Bold", "Tinos-Italic", "Tinos-BoldItalic"])
  }

  @Test("is the same file each time, on any thread")
  func deterministic() async throws {
    let first = try DocumentRenderer().render(YearEndReport.document()).pdf
    let others = try await withThrowingTaskGroup(of: [UInt8].self) { group in
      for rows in [15, 3, 15, 15] {
        group.addTask {
          // Another document in between must not leave a trace.
          _ = try DocumentRenderer().render(YearEndReport.document(rows: rows))
          return try DocumentRenderer().render(YearEndReport.document()).pdf
        }
      }
      return try await group.reduce(into: [[UInt8]]()) { $0.append($1) }
    }
    #expect(others.allSatisfy { $0 == first })
  }

  @Test("has A4 pages, and names title, author, date and language in its metadata")
  func metadata() throws {
    let rendered = try DocumentRenderer().render(YearEndReport.document())
    let info = try RenderedFile(rendered.pdf).info()
    #expect(info["Pages"] == "\(rendered.pageCount)")
    #expect(info["Page size"]?.hasSuffix("(A4)") == true)
    #expect(
      info["Title"] == "Báo cáo Tổng kết phong trào thi đua và công tác khen thưởng năm 2023")
    #expect(info["Author"] == "Khối thi đua các hội có tính chất đặc thù")
    #expect(info["CreationDate"] == "2024-01-05T00:00:00+07")
    #expect(rendered.pdf.firstRange(of: Array("/Lang (vi-VN)".utf8)) != nil)
  }

  @Test("repeats the table header on each page and numbers the pages from the second one")
  func repeatedHeader() throws {
    let rendered = try DocumentRenderer().render(YearEndReport.document(rows: 70))
    #expect(rendered.pageCount == 6)
    let file = try RenderedFile(rendered.pdf)
    for page in 1...4 {
      let words = try file.words(page: page)
      #expect(words.contains("Điểm theo nhóm tiêu chí"), "page \(page)")
      if page == 1 {
        #expect(words.hasPrefix("UBND TỈNH KHÁNH HÒA"))
      } else {
        #expect(words.hasPrefix("\(page) "), "page \(page)")
      }
    }
    #expect(try !file.words(page: 5).contains("Điểm theo nhóm tiêu chí"))
  }

  @Test("has the national title, number, date, recipients and signature of the decree")
  func decreeElements() throws {
    let words = try RenderedFile(YearEndReport.document()).words()
    for element in [
      "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", "Độc lập - Tự do - Hạnh phúc", "Số: 05/BC-KTĐ",
      "Khánh Hòa, ngày 05 tháng 01 năm 2024", "Nơi nhận: TM. KHỐI THI ĐUA", "- Lưu: VT, KTĐ.",
      "Trần Thị Minh Ánh", "102,50", "1.800.000 ₫",
      "- Tổ chức hai đợt kiểm tra chéo.",
    ] {
      #expect(words.contains(element), "\(element)")
    }
  }
}
