import EmulationAwards
import Foundation
import HTTPTypes
import Hummingbird
import LibpqClient
import Logging
import Synchronization
import Testing
import WebTesting

@testable import EmulationWeb

private let form = "/khoi/HDT/2023/don-vi/KHOC"
private let otherForm = "/khoi/HDT/2023/don-vi/LG"

/// What an account may do, over the real store.
@Suite(.timeLimit(.minutes(2)))
struct AccountPageTests {
  @Test func `an officer sends the form of one unit, under its name, and no other unit's`()
    async throws
  {
    try await SiteDatabase.withOfficer { site, client in
      let tab = BrowserTab(client)
      try await tab.signIn("an")
      let sent = try await tab.fillIn(["I.4.occurrences": "0"], on: form)
      #expect(sent.location == "/khoi/HDT/2023?da-gui=KHOC&ban=2")
      let submission = try await site.store.submission(
        of: "KHOC", in: SiteDatabase.key, stage: .selfScore)
      #expect(submission?.author == "an" && submission?.revision == 2)
      #expect(try await tab.open(form).text.contains("gửi bởi <b>an</b>"))

      let page = try await tab.open(otherForm)
      #expect(page.status == .forbidden && page.text.contains("hãy báo thư ký khối"))
      #expect(try await tab.open("/en\(otherForm)").text.contains("sends the form of one unit"))
      let before = try await site.store.sheet(
        of: "LG", in: SiteDatabase.key, stage: .selfScore)
      let fields = try #require(try await tab.open(form).form(form))
      #expect(try await tab.send(fields, to: otherForm).status == .forbidden)
      let after = try await site.store.sheet(of: "LG", in: SiteDatabase.key, stage: .selfScore)
      #expect(after == before)
      let list = try await tab.open("/khoi/HDT/2023/don-vi").text
      #expect(list.contains(form) && !list.contains(otherForm))
      #expect(try await tab.open("/khoi/HDT/2023/van-ban").status == .ok)
    }
  }

  @Test func `a secretary sends every form of its bloc and reads no other bloc's pages`()
    async throws
  {
    try await SiteDatabase.with { site in
      try await site.pool.query("insert into emulation.bloc values ('XYZ', 'X', 'X', 'X', 'X')")
      try await site.addAccount("thu-ky", .secretary(bloc: "HDT"))
      try await site.addAccount("khac", .secretary(bloc: "XYZ"))
      try await site.addAccount("tinh", .secretary(bloc: nil))
      try await site.server.browse { client in
        for name in ["thu-ky", "tinh"] {
          let tab = BrowserTab(client)
          try await tab.signIn(name)
          for path in [form, otherForm, "/khoi/HDT/2023/don-vi", "/khoi/HDT/2023/van-ban"] {
            #expect(try await tab.open(path).status == .ok, "\(path)")
          }
          let sent = try await tab.fillIn(
            ["I.4.occurrences": name == "tinh" ? "1" : "0"], on: otherForm)
          #expect(sent.status == .seeOther)
        }
        let tab = BrowserTab(client)
        try await tab.signIn("khac")
        for path in [form, "/khoi/HDT/2023/don-vi", "/khoi/HDT/2023/van-ban"] {
          #expect(try await tab.open(path).status == .forbidden, "\(path)")
        }
        #expect(try await tab.open("/khoi/HDT/2023").status == .ok)
      }
    }
  }

  @Test func `a form sent after the session ended is not taken, and says how to go on`()
    async throws
  {
    try await SiteDatabase.withOfficer { site, client in
      let tab = BrowserTab(client)
      try await tab.signIn("an")
      let fields = try #require(try await tab.open(form).form(form))
        .merging(["I.4.occurrences": "0"]) { $1 }
      _ = try await site.accounts.endSessions(of: "an")
      let page = try await tab.send(fields, to: form)
      #expect(page.status == .forbidden && page.text.contains("Đăng nhập lại trong một thẻ mới"))
      #expect(
        try await site.store.sheet(of: "KHOC", in: SiteDatabase.key, stage: .selfScore).revision
          == 1)
      // As it says: in another tab of the browser, then the old page once more.
      try await tab.signIn("an")
      #expect(try await tab.send(fields, to: form).status == .seeOther)
    }
  }

  @Test
  func `a new password is checked, ends all other sessions, and is the only one from then on`()
    async throws
  {
    try await SiteDatabase.withOfficer { site, client in
      let (tab, other) = (BrowserTab(client), BrowserTab(client))
      try await tab.signIn("an")
      try await other.signIn("an")
      func change(_ old: String, _ new: String, _ again: String) async throws -> BrowserTab.Page {
        try await tab.fillIn(["hien-tai": old, "moi": new, "lap-lai": again], on: "/tai-khoan")
      }
      let old = SiteDatabase.password
      for (fields, words) in [
        (("wrong wrong", "mùa xuân Hà Nội", "mùa xuân Hà Nội"), "hiện tại không đúng"),
        ((old, "mùa xuân Hà Nội", "mùa đông Hà Nội"), "không giống nhau"),
        ((old, "ba năm", "ba năm"), "quá ngắn"),
      ] {
        let page = try await change(fields.0, fields.1, fields.2)
        #expect(page.status == .unprocessableContent && page.text.contains(words))
        #expect(!page.text.contains(fields.0) && !page.text.contains(fields.1))
      }
      #expect(try await other.open(form).status == .ok)
      let before = tab.cookies["ong_session"]
      let changed = try await change(old, "mùa xuân Hà Nội", "mùa xuân Hà Nội")
      #expect(changed.location == "/tai-khoan?da-doi=1")
      #expect(tab.cookies["ong_session"] != before)
      #expect(try await tab.open("/tai-khoan?da-doi=1").text.contains("Đã đổi mật khẩu"))
      #expect(try await other.open(form).status == .seeOther)
      #expect(try await other.signIn("an").status == .unprocessableContent)
      #expect(try await other.signIn("an", "mùa xuân Hà Nội").status == .seeOther)
    }
  }

  @Test func `who is disabled is out at once, and in again when enabled`() async throws {
    try await SiteDatabase.withOfficer { site, client in
      let tab = BrowserTab(client)
      try await tab.signIn("an")
      try await site.accounts.disable("an")
      #expect(try await tab.open(form).status == .seeOther)
      // The only account is disabled, and the pages are closed all the same.
      #expect(try await tab.signIn("an").status == .unprocessableContent)
      try await site.accounts.enable("an")
      #expect(try await tab.open(form).status == .seeOther)
      #expect(try await tab.signIn("an").status == .seeOther)
    }
  }

  @Test func `what queues and workers do is for secretaries as soon as there are accounts`()
    async throws
  {
    try await SiteDatabase.with { site in
      let visitor = { (standing: AccountStore.Visit) in
        Visitor(
          standing: standing,
          token: FormToken(
            .init(
              head: .init(method: .get, scheme: nil, authority: nil, path: "/"),
              body: .init(buffer: .init())), secure: false))
      }
      let officer = Account(name: "an", displayName: "An", role: .officer(unit: "KHOC"))
      let secretary = Account(name: "bo", displayName: "Bo", role: .secretary(bloc: nil))
      try visitor(.open).requireSecretary()
      try visitor(.signedIn(secretary)).requireSecretary()
      for standing in [AccountStore.Visit.stranger, .signedIn(officer)] {
        #expect(throws: (any Error).self) { try visitor(standing).requireSecretary() }
      }
    }
  }

  @Test func `no password, token or hash is in a log or on a page, whatever fails`() async throws {
    let heard = Heard()
    var logger = Logger(label: "test") { _ in heard }
    logger.logLevel = .trace
    try await SiteDatabase.with(logger: logger) { site in
      try await site.addAccount("an", .officer(unit: "KHOC"))
      let hash = try await site.pool.query("select password_hash from emulation.account")[0, 0]
        .decode(String.self)
      try await site.server.browse { client in
        let tab = BrowserTab(client)
        try await tab.signIn("an")
        let session = try #require(tab.cookies["ong_session"])
        let door = BrowserTab(client)
        let fields = try #require(try await door.open("/dang-nhap").form("/dang-nhap"))
          .merging(["ten": "an", "mat-khau": SiteDatabase.password]) { $1 }
        var pages = [try await tab.open(form).text, try await tab.open("/tai-khoan").text]
        // A fault in the middle of signing in, and one while a session is looked up.
        try await site.pool.query(
          "alter table emulation.session add check (account <> 'an') not valid")
        pages.append(try await door.send(fields, to: "/dang-nhap").text)
        await site.pool.close()
        pages.append(try await tab.open(form).text)
        pages.append(try await door.send(fields, to: "/dang-nhap").text)
        #expect(pages[2].contains("Hệ thống gặp lỗi"))
        let said = heard.text + pages.joined()
        #expect(heard.text.contains("a request failed"))
        for secret in [SiteDatabase.password, "thu Hà", session, hash, "argon2", "\\x"] {
          #expect(!said.contains(secret), "\(secret)")
        }
      }
    }
  }
}

/// Everything that was logged.
private final class Heard: LogHandler {
  private let lines = Mutex("")
  var text: String { lines.withLock { $0 } }

  var metadata: Logger.Metadata {
    get { [:] }
    set {}
  }
  var logLevel: Logger.Level {
    get { .trace }
    set {}
  }
  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { nil }
    set {}
  }

  func log(event: LogEvent) {
    lines.withLock { $0 += "\(event.message) \(event.metadata ?? [:])\n" }
  }
}
