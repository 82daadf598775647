import DocumentRendering
import Foundation
import Testing

@Suite("A document at the edge")
struct EdgeCaseTests {
  private func document(_ body: [DocumentBlock]) -> AdministrativeDocument {
    AdministrativeDocument(
      header: DocumentHeader(
        issuer: "Hội Khuyến học", number: DocumentNumber(symbol: "BC-HKH"), place: "Huế",
        date: YearEndReport.date),
      title: DocumentTitle(typeName: "Báo cáo", abstract: "Thử"), body: body)
  }

  @Test("with no body, number, addressees, signature or recipients has one page")
  func minimal() throws {
    let rendered = try DocumentRenderer().render(document([]))
    #expect(rendered.pageCount == 1)
    let words = try RenderedFile(rendered.pdf).words()
    #expect(words.contains("/BC-HKH"))
    #expect(!words.contains("Nơi nhận"))
  }

  @Test("may have a table row that is higher than a page")
  func hugeRow() throws {
    let lines = (1...150).map { "dòng-\($0)" }.joined(separator: "\n")
    let table = DocumentTable(
      columns: [TableColumn("Tiêu đề"), TableColumn("Ngắn")],
      rows: [[TableCell(StyledText(lines)), "x"]])
    let rendered = try DocumentRenderer().render(document([.table(table)]))
    let words = try RenderedFile(rendered.pdf).words().split(separator: " ")
    #expect(rendered.pageCount == 4)
    #expect(words.filter { $0.hasPrefix("dòng-") } == (1...150).map { "dòng-\($0)" })
    #expect(words.filter { $0 == "đề" }.count == 3)
  }

  @Test("may have a chart that is longer than a page, of zeros or without bars")
  func oddCharts() throws {
    let long = BarChart(bars: (1...80).map { BarChart.Bar("Đơn vị \($0)", [1]) })
    let zeros = BarChart(bars: [BarChart.Bar("Không", [0]), BarChart.Bar("Âm", [-3])])
    let blocks: [DocumentBlock] = [
      .barChart(long), .barChart(zeros), .barChart(BarChart(bars: [])),
    ]
    let words = try RenderedFile(document(blocks)).words()
    #expect(words.contains("Đơn vị 80"))
    #expect(words.contains("Âm"))
  }

  @Test("breaks a word that is longer than its line, and adds no hyphen")
  func longWord() throws {
    let word = String(repeating: "a", count: 300)
    let text = try RenderedFile(document([.paragraph(StyledText(word))])).words()
    #expect(text.filter { !$0.isWhitespace }.contains(word))
  }

  @Test("begins a page after a page break, and keeps a heading with what follows")
  func pageBreak() throws {
    let filler = DocumentBlock.paragraph(StyledText(String(repeating: "chữ ", count: 500)))
    let blocks: [DocumentBlock] = [
      .paragraph("Trước"), .pageBreak, .heading("Phụ lục", level: .part), filler,
    ]
    let file = try RenderedFile(document(blocks))
    #expect(try file.words(page: 2).hasPrefix("2 PHỤ LỤC chữ"))
  }
}
