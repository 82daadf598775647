import EmulationAwards
import Foundation
import Hummingbird
import Testing
import WebTesting

@testable import EmulationWeb

/// A bloc of which every text that the database holds tries to be HTML, each under its own name.
private enum Hostile {
  static func text(_ name: String) -> String { "<i id=\(name)>\"'&" }

  static func texts(_ name: String) -> LocalizedText {
    LocalizedText(vi: text("\(name)-vi"), en: text("\(name)-en"))
  }

  /// How the name stands in a page that escapes it.
  static func escaped(_ name: String) -> String { "&lt;i id=\(name)&gt;&quot;&#39;&amp;" }

  static var contents: MemoryStore.Contents {
    var contents = MemoryStore.Contents()
    let sample = SampleBloc.scheme
    contents.bloc = Bloc(code: "HDT", name: texts("bloc"), province: texts("province"))
    contents.period = Period(
      code: "2023", name: texts("period"), kind: .year, firstDay: SampleBloc.period.firstDay,
      lastDay: SampleBloc.period.lastDay)
    contents.head = BlocHead(unit: "CTD", post: texts("post"), person: text("person"))
    contents.units = SampleBloc.units.map {
      EmulationUnit(code: $0.code, name: texts("unit-\($0.code)"))
    }
    contents.scheme = ScoringScheme(
      code: sample.code, version: 1, name: texts("scheme"), validFrom: sample.validFrom,
      criteria: sample.criteria.map {
        Criterion(
          code: $0.code, parent: $0.parent, name: texts("criterion-\($0.code)"), kind: $0.kind,
          maximum: $0.maximum, measure: texts("measure-\($0.code)"))
      }, bonusCap: sample.bonusCap, thresholds: sample.thresholds, tieRule: sample.tieRule)
    contents.exclusions = [Exclusion(unit: "TYN", reason: texts("reason"))]
    contents.decisions = [
      Decision(
        id: 1, blocPeriod: SampleBloc.key, number: text("number"),
        day: SampleBloc.period.lastDay, issuer: texts("issuer"), subject: texts("subject"),
        awards: [], snapshot: nil)
    ]
    contents.notices = [
      Notice(
        id: 1, decision: 1,
        recipient: Recipient(
          code: "R", unit: nil, name: text("recipient"), email: "an@\(text("email"))"),
        channel: "email", purpose: .result, state: .failed, messageID: text("message"),
        attempts: 1, trouble: text("trouble"), sentAt: nil)
    ]
    contents.listed = 2
    return contents
  }

  static let report = ReportArtefact(
    id: 1, kind: text("kind"), snapshot: 1, templateVersion: 1, locale: "vi",
    format: text("format"), path: "a.pdf", byteCount: 1, sha256: text("sha"), renderedAt: .now)
}

struct MarkupTests {
  /// Pages, and the texts that each must show, escaped.
  static let pages: [(path: String, shown: [String])] = [
    ("/", ["bloc-vi"]),
    ("/khoi/HDT/2023", ["bloc-vi", "unit-CTD-vi", "criterion-I-vi", "reason-vi"]),
    ("/khoi/HDT/2023/bang", ["unit-XSS-vi", "reason-vi"]),
    ("/khoi/HDT/2023/don-vi", ["unit-CTD-vi"]),
    (
      "/khoi/HDT/2023/don-vi/CTD",
      ["unit-CTD-vi", "unit-CTD-en", "criterion-I-vi", "criterion-I.1-vi", "measure-I.1-vi"]
    ),
    (
      "/khoi/HDT/2023/van-ban",
      ["number", "issuer-vi", "subject-vi", "recipient", "email", "trouble", "sha"]
    ),
    ("/nothing/%3Ci%20id=path%3E", []),
    ("/khoi/%3Ci%20id=path%3E/2023", []),
    ("/khoi/HDT/2023?da-gui=%3Ci%20id=path%3E&ban=1", []),
  ]

  @Test(arguments: pages.indices, ["", "/en"])
  func `no stored text and no address becomes markup`(page: Int, prefix: String) async throws {
    let (path, shown) = Self.pages[page]
    let site = try SiteFixture(contents: Hostile.contents)
    await site.store.setReports([Hostile.report])
    try await site.store.submitSheet(SampleBloc.sheet("CTD", actual: 900))
    try await site.store.recalculate()
    try await site.browse { client in
      try await client.execute(uri: prefix + path, method: .get) { response in
        let html = String(buffer: response.body)
        #expect(html.contains("</html>") || path.hasSuffix("/bang"))
        #expect(!html.lowercased().contains("<i id="), "\(prefix + path)")
        // Nor inside a quoted attribute: a raw quote would end it.
        #expect(!html.contains(#"&gt;""#) && !html.contains("&gt;'"), "\(prefix + path)")
        for name in shown {
          let name = prefix.isEmpty ? name : name.replacing("-vi", with: "-en")
          #expect(html.contains(Hostile.escaped(name)), "\(name) in \(prefix + path)")
        }
      }
    }
  }
}
