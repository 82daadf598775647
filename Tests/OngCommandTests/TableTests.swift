import Testing

@testable import OngCommand

@Suite struct TableTests {
  let table = Table(
    columns: [
      .init(title: "ID", alignment: .right),
      .init(title: "KIND", minimumWidth: 8),
      .init(title: "ERROR", minimumWidth: 6, expendability: 1),
      .init(title: "HOST", minimumWidth: 4, expendability: 2),
    ],
    rows: [
      ["7", "report.render", "cannot open the font file", "tổ-ong-1"],
      ["4300000000", "mail", "", "b"],
    ])

  @Test("Without a width nothing is shortened")
  func unlimited() {
    #expect(
      table.lines(width: nil) == [
        "        ID  KIND           ERROR                      HOST",
        "         7  report.render  cannot open the font file  tổ-ong-1",
        "4300000000  mail                                      b",
      ])
  }

  @Test("The widest column gives first, and every line fits")
  func shortened() {
    #expect(
      table.lines(width: 50)
        == [
          "        ID  KIND           ERROR          HOST",
          "         7  report.render  cannot open …  tổ-ong-1",
          "4300000000  mail                          b",
        ])
  }

  @Test("Every line fits any width down to that of the columns that may not go", arguments: 20...90)
  func fits(width: Int) {
    for line in table.lines(width: width) {
      #expect(DisplayWidth.of(line) <= width)
    }
  }

  @Test("Columns of little importance go before others shrink below their minimum")
  func expendable() {
    #expect(
      table.lines(width: 24) == [
        "        ID  KIND", "         7  report.rend…", "4300000000  mail",
      ])
  }

  @Test("A cell with a line break stays on its line")
  func oneLine() {
    let table = Table(columns: [.init(title: "ERROR")], rows: [["a\nb"]])
    #expect(table.lines(width: 80) == ["ERROR", "a b"])
  }
}
