import Testing

@testable import DocumentRendering

@Suite("A document that cannot be set")
struct RefusedDocumentTests {
  private func render(_ block: DocumentBlock) throws {
    var document = YearEndReport.document()
    document.body = [block]
    _ = try DocumentRenderer().render(document)
  }

  @Test("names the package with the font when the font is not installed")
  func missingFont() {
    #expect {
      _ = try FontContext(family: "No Such Family")
    } throws: {
      "\($0)"
        == "the font family No Such Family is not installed: install the package fonts-croscore"
    }
  }

  /// DejaVu, which nearly every machine has, shows the anchor; hardly any font shows the cup.
  @Test("names characters that the font lacks, instead of taking them from another font")
  func missingGlyph() throws {
    for (text, missing) in [("Giải ⚓", ["⚓"]), ("Giải 🏆 và ⚓", ["🏆", "⚓"])] {
      let scalars = missing.flatMap(\.unicodeScalars)
      #expect(
        throws: DocumentRenderingError.unsupportedCharacters(scalars, in: text + "./.")
      ) {
        try render(.paragraph(StyledText(text)))
      }
    }
    #expect(try DocumentRenderer.unsupportedCharacters(in: "Đạt ₫ 🏆") == ["🏆"])
  }

  @Test("is refused for control characters, NUL included", arguments: ["\0", "\u{1B}", "\u{7F}"])
  func controlCharacter(_ control: String) {
    #expect(throws: DocumentRenderingError.self) {
      try render(.paragraph(StyledText("a\(control)b")))
    }
  }

  @Test("is refused when a row has not one cell a column")
  func raggedTable() {
    let table = DocumentTable(columns: [TableColumn("A"), TableColumn("B")], rows: [["1"]])
    #expect(throws: DocumentRenderingError.malformedTable("expected 2 cells in row 1, got: 1")) {
      try render(.table(table))
    }
  }

  @Test("is refused when columns are wider than the page or groups overlap")
  func impossibleColumns() {
    let wide = DocumentTable(
      columns: [TableColumn("A", width: .fixed(200)), TableColumn("B")], rows: [["1", "2"]])
    #expect(throws: DocumentRenderingError.self) { try render(.table(wide)) }
    let fixed = DocumentTable(columns: [TableColumn("A", width: .fixed(200))], rows: [["1"]])
    #expect(throws: DocumentRenderingError.self) { try render(.table(fixed)) }
    let overlapping = DocumentTable(
      columns: [TableColumn("A"), TableColumn("B")],
      groups: [.init("1", columns: 0..<2), .init("2", columns: 1..<2)], rows: [["1", "2"]])
    #expect(throws: DocumentRenderingError.self) { try render(.table(overlapping)) }
  }

  @Test("is refused when the margins leave no room")
  func noRoom() {
    var document = YearEndReport.document()
    document.geometry.left = 180
    #expect(throws: DocumentRenderingError.self) { try DocumentRenderer().render(document) }
  }
}
