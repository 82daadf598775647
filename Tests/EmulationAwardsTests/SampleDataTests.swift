import EmulationAwards
import Foundation
import Testing

struct SampleDataTests {
  private func damages(
    _ file: String, _ change: (String) -> String
  ) throws -> [String] {
    let files = try SampleFiles.changed(file, change)
    let rejected = #expect(throws: SampleRejected.self) { try SampleData(files: files) }
    return rejected?.damages.map(\.description) ?? []
  }

  @Test("The built-in bloc has fifteen units, every kind of leaf and base 100")
  func builtIn() throws {
    let sample = try SampleData.builtIn()
    #expect(sample.memberships.count == 15)
    #expect(sample.sheets.count == 15)
    #expect(sample.recipients.count == 16)
    #expect(sample.scheme.topGroups.map(\.maximum) == [60, 20, 20, 0])
    #expect(sample.scheme.bonusCap == 5)
    #expect(try SampleData(folder: SampleFiles.folder) == sample)
  }

  @Test("The built-in bloc ranks as it should, with a shared rank and a unit that is not ranked")
  func builtInRanking() throws {
    let sample = try SampleData.builtIn()
    let table = try Ranking(
      computedFrom: ScoringInput(
        blocPeriod: sample.key, inputRevision: 15, scheme: sample.scheme,
        members: sample.memberships.map(\.unit), sheets: sample.sheets,
        exclusions: sample.exclusions),
      at: Date(timeIntervalSince1970: 0))
    let lines = table.rows.map {
      "\($0.rank ?? 0) \($0.unit.code) \($0.score?.total ?? -1) \($0.rating?.rawValue ?? "-")"
    }
    #expect(
      lines == [
        "1 CTD 101.5 excellent", "2 KHOC 101.19 excellent", "3 DACAM 95.34 excellent",
        "4 NCT 94.91 good", "5 KHKT 93.56 good", "6 NB 90.24 good", "7 VHNT 89.51 good",
        "8 LG 88.91 completed", "9 NM 86.45 good", "10 BTKT 86.26 good", "10 TNXP 86.26 good",
        "12 HN 81.77 completed", "13 DY 81.74 completed", "14 LV 48.68 not_completed",
        "0 TYN 45.77 -",
      ])
    #expect(
      try sample.decision.quota.awards(for: table).map { "\($0.unit) \($0.kind.rawValue)" } == [
        "CTD provincial_flag", "KHOC merit_certificate", "DACAM merit_certificate",
        "NCT merit_certificate", "KHKT merit_certificate",
      ])
  }

  @Test("A damaged figure is reported with line and column")
  func damagedFigures() throws {
    let damages = try damages("figures.csv") {
      $0.replacing("CTD;66;55", with: "CTD;6x;55")
    }
    #expect(
      damages == ["figures.csv:2:5: expected a number like 1250 or 97,5 for I.1 actual, got: “6x”"])
    let negative = try self.damages("figures.csv") { $0.replacing("LG;38;33", with: "LG;38;-33") }
    #expect(
      negative == [
        "figures.csv:6:7: I.1 target: Expected a number from 0 to 999,999,999,999.99"
      ])
  }

  @Test("Damage in several lines and files comes in one report")
  func severalDamages() throws {
    let files = try SampleFiles.changed("figures.csv") { $0 }.map {
      file -> (path: String, text: String) in
      switch file.path {
      case "recipients.csv": (file.path, file.text.replacing("luatgia@", with: "luatgia at "))
      case "units.csv":
        (
          file.path,
          file.text.replacing("CTD;Hội Chữ thập đỏ tỉnh", with: "CTD;").replacing(
            "2018-01-01", with: "2018-02-30")
        )
      default: file
      }
    }
    let rejected = #expect(throws: SampleRejected.self) { try SampleData(files: files) }
    #expect(
      rejected?.damages.map { "\($0.file):\($0.line):\($0.column)" } == [
        "units.csv:2:5", "units.csv:10:85", "recipients.csv:6:35",
      ])
  }

  @Test("A line with too few or too many cells is named")
  func cellCount() throws {
    let few = try damages("recipients.csv") { $0.replacing("LG;LG;", with: "LG;") }
    #expect(few == ["recipients.csv:6:32: expected 4 cells, got: 3"])
    let many = try damages("recipients.csv") { $0.replacing("LG;LG;", with: "LG;LG;;") }
    #expect(many == ["recipients.csv:6:36: expected 4 cells, got: 5"])
  }

  @Test("An unclosed quotation mark is reported where it was opened")
  func unclosedQuote() throws {
    let damages = try damages("units.csv") { $0.replacing("NM;Hội", with: "NM;\"Hội") }
    #expect(damages == ["units.csv:13:4: the quotation mark is never closed"])
  }

  @Test("Quoted cells may hold separators, quotation marks and line breaks")
  func quoted() throws {
    let files = try SampleFiles.changed("units.csv") {
      $0.replacing("NM;Hội Người mù tỉnh", with: "NM;\"Hội \"\"Người\"\"; mù\ntỉnh\"")
    }
    let sample = try SampleData(files: files)
    #expect(
      sample.memberships.first { $0.unit.code == "NM" }?.unit.name.vi
        == "Hội \"Người\"; mù\ntỉnh")
  }

  @Test("A byte order mark, CRLF, comments and empty lines do no harm")
  func spreadsheetHabits() throws {
    let files = try SampleFiles.changed("figures.csv") {
      "\u{FEFF}" + $0.replacing("\n", with: "\r\n").replacing("LG;38", with: "# note\r\n\r\nLG;38")
    }
    #expect(try SampleData(files: files) == SampleData.builtIn())
  }

  @Test("NUL and other control characters are refused with their place")
  func controlCharacters() throws {
    let damages = try damages("figures.csv") { $0.replacing("KHOC;59", with: "KHOC;5\0" + "9") }
    #expect(damages == ["figures.csv:5:7: control character U+0"])
  }

  @Test("A file that is not UTF-8 is reported at the first bad byte")
  func notUTF8() throws {
    let folder = FileManager.default.temporaryDirectory.appending(
      path: "ong-sample-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    for (path, text) in try SampleFiles.changed("none", { $0 }) where path != "bloc.csv" {
      var data = Data(text.utf8)
      if path == "units.csv" { data.replace(Data("mù".utf8), with: Data([0x6D, 0xF9])) }
      try data.write(to: folder.appending(path: path))
    }
    let rejected = #expect(throws: SampleRejected.self) { try SampleData(folder: folder) }
    #expect(
      rejected?.damages.map { "\($0.file):\($0.line):\($0.column)" } == [
        "bloc.csv:0:0", "units.csv:13:15",
      ])
  }

  @Test("An unknown unit, criterion or setting is named where it stands")
  func strangers() throws {
    #expect(
      try damages("figures.csv") { $0.replacing("LG;38", with: "XX;38") }
        == ["figures.csv:6:1: there is no unit XX"])
    #expect(
      try damages("figures.csv") { $0.replacing("I.6 achieved", with: "I.7 achieved") }
        == ["figures.csv:1:104: no criterion of the scheme has a column “I.7 achieved”"])
    #expect(
      try damages("scheme.csv") { $0.replacing("bonus_cap", with: "bonus_cup") }
        == ["scheme.csv:6:1: there is no setting “bonus_cup”"])
    #expect(
      try damages("bloc.csv") { $0.replacing("head_unit;CTD", with: "head_unit;XX") }
        == ["bloc.csv:10:11: there is no unit XX"])
  }

  @Test("A scheme that cannot score is reported at the criterion's line")
  func scheme() throws {
    #expect(
      try damages("criteria.csv") { $0.replacing("\nII;;group;20", with: "\nII;;group;21") }
        == [
          "criteria.csv:9:1: II expected the maximum to be the sum of its criteria, 20, got: 21"
        ])
    #expect(
      try damages("criteria.csv") { $0.replacing("III;;group", with: "III;III;group") }.first
        == "criteria.csv:14:1: III parents run in a circle: III → III")
    #expect(
      try damages("scheme.csv") {
        $0.replacing("score_before_bonus > I > III > ballot", with: "")
      } == ["scheme.csv:13:10: tie_rule is missing: say what parts equal totals"])
  }

  @Test("A unit that stands there twice is refused")
  func repeated() throws {
    #expect(
      try damages("figures.csv") { $0.replacing("LG;38", with: "CTD;38") }
        == ["figures.csv:6:1: CTD stands there twice"])
  }
}

struct AwardQuotaTests {
  @Test("Equal ranks across the edge of a quota need a ballot first")
  func ballot() throws {
    let table = try ranking([sheet("A", actual: 150), sheet("B", actual: 150)])
    #expect(table.rows.map(\.rank) == [1, 1])
    let error = #expect(throws: BallotNeeded.self) {
      try AwardQuota(flags: 1, meritCertificates: 1).awards(for: table)
    }
    #expect(error?.units == ["A", "B"])
    #expect(error?.award == .provincialFlag)
    #expect(throws: BallotNeeded.self) {
      try AwardQuota(flags: 0, meritCertificates: 1).awards(for: table)
    }
    #expect(try AwardQuota(flags: 0, meritCertificates: 2).awards(for: table).count == 2)
  }

  @Test("Units rated below good get no award")
  func suitable() throws {
    let table = try ranking([sheet("A", actual: 150), sheet("B", actual: 100)])
    #expect(table.rows.map(\.rating) == [.excellent, .completed])
    let awards = try AwardQuota(flags: 1, meritCertificates: 4).awards(for: table)
    #expect(awards == [Award(unit: "A", kind: .provincialFlag)])
  }
}
