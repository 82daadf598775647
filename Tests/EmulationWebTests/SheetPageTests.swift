import EmulationAwards
import Foundation
import HTTPTypes
import Hummingbird
import Testing
import WebServing
import WebTesting

@testable import EmulationWeb

private let filled = [
  "I.1.actual": "1.250,5", "I.1.target": "1000", "I.2.occurrences": "4", "II.1.achieved": "1",
]

extension FilledForm {
  fileprivate mutating func fill(_ changes: [String: String] = [:]) {
    fields.merge(filled.merging(changes) { $1 }) { $1 }
  }
}

struct SheetPageTests {
  @Test func `a complete form is stored and leads on to the ranking`() async throws {
    let site = try SiteFixture()
    try await site.browse { client in
      var form = try await FilledForm.open(SiteFixture.form, in: client)
      form.fill()
      try await form.send(in: client) { response in
        #expect(response.status == .seeOther)
        #expect(response.headers[.location] == "\(SiteFixture.ranking)?da-gui=CTD&ban=1")
      }
      let again = try await FilledForm.open(SiteFixture.form, in: client)
      #expect(again.fields["I.1.actual"] == "1250,5")
      #expect(again.fields["ban"] == "1")
    }
    #expect(await site.store.sheets["CTD"]?.figures["I.2"] == .occurrences(4))
  }

  @Test func `sending twice is one change`() async throws {
    let site = try SiteFixture()
    try await site.browse { client in
      var form = try await FilledForm.open(SiteFixture.form, in: client)
      form.fill()
      for _ in 1...3 {
        try await form.send(in: client) { response in
          #expect(response.headers[.location] == "\(SiteFixture.ranking)?da-gui=CTD&ban=1")
        }
      }
    }
    #expect(try await site.store.blocPeriod(SampleBloc.key).inputRevision == 1)
  }

  @Test func `problems stand beside their fields and nothing typed is lost`() async throws {
    let site = try SiteFixture()
    try await site.browse { client in
      var form = try await FilledForm.open(SiteFixture.form, in: client)
      form.fill(["I.1.actual": #"97.5"><b>"#, "I.2.occurrences": "", "I.1.target": "1.000,55"])
      try await form.send(in: client) { response in
        #expect(response.status == .unprocessableContent)
        let page = String(buffer: response.body)
        #expect(page.contains(#"value="97.5&quot;&gt;&lt;b&gt;""#))
        #expect(page.contains(#"value="1.000,55""#))
        #expect(page.contains(#"id="loi-I.1.actual">Phải là một số"#))
        #expect(page.contains(##"<a href="#I.2.occurrences">"##))
        #expect(page.contains(#"name="II.1.achieved" value="1" checked"#))
      }
    }
    #expect(await site.store.sheets.isEmpty)
  }

  @Test func `what the domain refuses stands beside its field too`() async throws {
    try await SiteFixture().browse { client in
      var form = try await FilledForm.open("/en\(SiteFixture.form)", in: client)
      form.fill(["I.2.occurrences": "100001", "I.1.actual": "1,234"])
      try await form.send(in: client) { response in
        #expect(response.status == .unprocessableContent)
        let page = String(buffer: response.body)
        #expect(
          page.contains(#"id="loi-I.2.occurrences">Expected a whole number from 0 to 100,000"#))
        #expect(page.contains(#"id="loi-I.1.actual">Expected at most two decimals"#))
      }
    }
  }

  @Test func `a sheet that somebody else changed is not overwritten, both values are shown`()
    async throws
  {
    let site = try SiteFixture()
    try await site.browse { client in
      var mine = try await FilledForm.open(SiteFixture.form, in: client)
      mine.fill(["I.2.occurrences": "5"])
      try await site.store.submitSheet(SampleBloc.sheet("CTD", actual: 800, occurrences: 2))
      let page = try await mine.send(in: client) { response in
        #expect(response.status == .conflict)
        return String(buffer: response.body)
      }
      #expect(page.contains("Phiếu đã được người khác sửa"))
      #expect(page.contains(#"name="I.2.occurrences" value="5""#))
      #expect(page.contains("Đang lưu: <b>2</b>"))
      #expect(await site.store.sheets["CTD"]?.figures["I.2"] == .occurrences(2))

      // Sent once more from the page that showed both, mine replaces theirs.
      mine.fields["ban"] = "1"
      mine.fields[FormToken.fieldName] = try #require(
        page.firstMatch(of: /name="ma-bieu-mau" value="(\w+)"/)
      ).output.1.description
      try await mine.send(in: client) { #expect($0.status == .seeOther) }
      #expect(await site.store.sheets["CTD"]?.figures["I.2"] == .occurrences(5))
    }
  }

  @Test func `a form of another site is refused, and one without its cookie is asked again`()
    async throws
  {
    let site = try SiteFixture()
    try await site.browse { client in
      var form = try await FilledForm.open(SiteFixture.form, in: client)
      form.fill()
      let secFetchSite = try #require(HTTPField.Name("Sec-Fetch-Site"))
      form.headers[secFetchSite] = "cross-site"
      try await form.send(in: client) { response in
        #expect(response.status == .forbidden)
        #expect(String(buffer: response.body).contains("không được gửi từ trang này"))
      }
      form.headers[secFetchSite] = nil
      form.cookie = ""
      try await form.send(in: client) { response in
        #expect(response.status == .forbidden)
        #expect(response.headers[.setCookie]?.contains("SameSite=Strict") == true)
        #expect(String(buffer: response.body).contains(#"value="1.250,5""#))
      }
    }
    #expect(await site.store.sheets.isEmpty)
  }

  @Test func `a closed period shows figures and takes none`() async throws {
    let site = try SiteFixture()
    try await site.browse { client in
      var form = try await FilledForm.open(SiteFixture.form, in: client)
      form.fill()
      await site.store.setState(.finalized)
      try await form.send(in: client) { response in
        #expect(response.status == .conflict)
        let page = String(buffer: response.body)
        #expect(page.contains("Phiếu tự chấm đang đóng"))
        #expect(!page.contains("<button"))
      }
    }
  }

  @Test func `a body that is too large or no form at all is refused in words`() async throws {
    try await SiteFixture().browse { client in
      let large = ByteBuffer(repeating: UInt8(ascii: "a"), count: SubmittedForm.maxSize + 1)
      let type: HTTPFields = [.contentType: "application/x-www-form-urlencoded"]
      try await client.execute(uri: SiteFixture.form, method: .post, headers: type, body: large) {
        #expect($0.status == .contentTooLarge)
        #expect(String(buffer: $0.body).contains("tối đa 64 KB"))
      }
      let cases: [(HTTPFields, String, HTTPResponse.Status)] = [
        (type, "a=%zz", .badRequest), (type, "", .badRequest),
        ([.contentType: "application/json"], "{}", .unsupportedMediaType),
      ]
      for (headers, body, status) in cases {
        try await client.execute(
          uri: SiteFixture.form, method: .post, headers: headers, body: ByteBuffer(string: body)
        ) { #expect($0.status == status) }
      }
    }
  }
}
