import EmulationAwards
import Foundation
import HTTPTypes
import LibpqClient
import PasswordHashing
import Testing
import WebTesting

@testable import EmulationWeb

private let ranking = "/khoi/HDT/2023"
private let units = "/khoi/HDT/2023/don-vi"
private let form = "/khoi/HDT/2023/don-vi/KHOC"
private let otherForm = "/khoi/HDT/2023/don-vi/LG"

/// Signing in and out, over the real store.
@Suite(.timeLimit(.minutes(2)))
struct SignInTests {
  @Test func `while there is no account the pages are open, and say nothing of signing in`()
    async throws
  {
    try await SiteDatabase.with { site in
      try await site.server.browse { client in
        let tab = BrowserTab(client)
        for path in [ranking, units, form, "\(ranking)/van-ban"] {
          let page = try await tab.open(path)
          #expect(page.status == .ok && !page.text.contains("dang-nhap"), "\(path)")
        }
        #expect(try await tab.open("/dang-nhap").location == "/")
        #expect(try await tab.signIn("an").location == "/")
        #expect(tab.cookies["ong_session"] == nil)
      }
    }
  }

  @Test func `from the first account on all but the ranking is for those who signed in`()
    async throws
  {
    try await SiteDatabase.withOfficer { site, client in
      let tab = BrowserTab(client)
      for path in ["/khoi/HDT/2023", "\(ranking)/bang", "\(ranking)/trang-thai", "/en\(ranking)"] {
        #expect(try await tab.open(path).status == .ok, "\(path)")
      }
      for path in [
        units, form, "\(ranking)/van-ban", "\(ranking)/van-ban/bao-cao/1", "/tai-khoan",
      ] {
        let page = try await tab.open(path)
        #expect(page.status == .seeOther)
        #expect(page.location?.hasPrefix("/dang-nhap?ve=") == true, "\(path)")
        #expect(page.text.isEmpty)
      }
      let asked = try await tab.open("/en\(form)?a=1")
      let door = try #require(asked.location)
      #expect(door.hasPrefix("/en/dang-nhap?"))
      #expect(try await tab.open(door).text.contains("This page is for those who have signed in"))
      let entered = try await tab.signIn("an", on: door)
      #expect(entered.status == .seeOther && entered.location == "/en\(form)?a=1")
      let page = try await tab.open(form)
      #expect(page.status == .ok && page.text.contains("Hội an"))
    }
  }

  @Test func `a session's cookie is new at each sign-in, and the database has only its hash`()
    async throws
  {
    try await SiteDatabase.withOfficer { site, client in
      let tab = BrowserTab(client)
      // Somebody else put this in before: it must be nobody's afterwards.
      let planted = String(repeating: "ab", count: 32)
      tab.cookies["ong_session"] = planted
      let page = try await tab.signIn(" AN ")
      let cookie = try #require(page.setCookies.first { $0.hasPrefix("ong_session=") })
      for part in ["Path=/", "HttpOnly", "SameSite=Lax"] {
        #expect(cookie.contains(part), "\(cookie)")
      }
      let first = try #require(tab.cookies["ong_session"])
      #expect(first != planted && first.count == 64)
      let stored = try await site.pool.query(
        "select encode(token_hash, 'hex') from emulation.session")
      #expect(stored.count == 1)
      #expect(try stored[0, 0].decode(String.self) != first)

      let other = BrowserTab(client)
      other.cookies["ong_session"] = planted
      #expect(try await other.open(form).status == .seeOther)
      // Signing in once more ends the session that the browser had.
      other.cookies["ong_session"] = first
      #expect(try await other.open(form).status == .ok)
      #expect(try await other.open("/dang-nhap?ve=\(units)").location == units)
      let door = BrowserTab(client)
      let fields = try #require(try await door.open("/dang-nhap").form("/dang-nhap"))
      door.cookies["ong_session"] = first
      _ = try await door.send(
        fields.merging(["ten": "an", "mat-khau": SiteDatabase.password]) { $1 }, to: "/dang-nhap")
      #expect(try await other.open(form).status == .seeOther)
      #expect(try await door.open(form).status == .ok)
    }
  }

  @Test func `behind HTTPS both cookies are of this host alone`() async throws {
    try await SiteDatabase.with(secureCookies: true) { site in
      try await site.addAccount("an", .officer(unit: "KHOC"))
      try await site.server.browse { client in
        let tab = BrowserTab(client)
        let page = try await tab.signIn("an")
        let cookie = try #require(page.setCookies.first { $0.hasPrefix("__Host-ong_session=") })
        #expect(cookie.contains("Secure") && cookie.contains("HttpOnly"))
        #expect(tab.cookies.keys.sorted() == ["__Host-ong_form", "__Host-ong_session"])
        #expect(try await tab.open(form).status == .ok)
        tab.cookies["ong_session"] = tab.cookies.removeValue(forKey: "__Host-ong_session")
        #expect(try await tab.open(form).status == .seeOther)
      }
    }
  }

  @Test func `a wrong name, a wrong password and a disabled account are answered alike`()
    async throws
  {
    try await SiteDatabase.with { site in
      try await site.addAccount("an", .officer(unit: "KHOC"))
      try await site.addAccount("chi", .officer(unit: "LG"))
      try await site.accounts.disable("chi")
      try await site.server.browse { client in
        var answers: Set<String> = []
        for (name, password) in [
          ("an", "another one, wrong"), ("binh", "another one, wrong"), ("", ""),
          ("chi", SiteDatabase.password), ("bình", SiteDatabase.password),
        ] {
          let tab = BrowserTab(client)
          let page = try await tab.signIn(name, password)
          #expect(page.status == .unprocessableContent)
          #expect(page.text.contains("Tên hoặc mật khẩu không đúng"))
          #expect(!page.text.contains("another one") && tab.cookies["ong_session"] == nil)
          answers.insert(
            page.text.replacing(#/value="[^"]*"/#, with: "").replacing(name, with: name))
        }
        #expect(answers.count == 1)
      }
    }
  }

  @Test func `signing out ends the session for the server too`() async throws {
    try await SiteDatabase.withOfficer { site, client in
      let tab = BrowserTab(client)
      try await tab.signIn("an")
      let stolen = try #require(tab.cookies["ong_session"])
      let left = try await tab.fillIn([:], on: form, action: "/dang-xuat")
      #expect(left.location == "/" && tab.cookies["ong_session"] == nil)
      tab.cookies["ong_session"] = stolen
      #expect(try await tab.open(form).status == .seeOther)
    }
  }

  @Test func `a session ends when nobody uses it, and at its end in any case`() async throws {
    try await SiteDatabase.withOfficer { site, client in
      let idle = BrowserTab(client)
      try await idle.signIn("an")
      try await site.pass("11 hours 59 minutes")
      #expect(try await idle.open(form).status == .ok)
      try await site.pass("11 hours 59 minutes")
      #expect(try await idle.open(form).status == .ok)
      try await site.pass("12 hours")
      #expect(try await idle.open(form).status == .seeOther)

      let busy = BrowserTab(client)
      try await busy.signIn("an")
      for _ in 1...16 {
        try await site.pass("10 hours")
        #expect(try await busy.open(form).status == .ok)
      }
      try await site.pass("8 hours")
      #expect(try await busy.open(form).status == .seeOther)
      // The next sign-in clears away what has expired.
      try await busy.signIn("an")
      #expect(try await site.pool.query("select from emulation.session").count == 1)
    }
  }

  @Test func `who guesses waits: at one name whoever asks, at one address whatever the name`()
    async throws
  {
    try await SiteDatabase.withOfficer { site, client in
      for attempt in 1...5 {
        let tab = BrowserTab(client, from: "192.0.2.\(attempt)")
        #expect(try await tab.signIn("an", "wrong \(attempt)").status == .unprocessableContent)
      }
      let tab = BrowserTab(client, from: "198.51.100.1")
      let page = try await tab.signIn("an")
      #expect(page.status == .tooManyRequests && page.headers[.retryAfter] == "1")
      #expect(page.text.contains("hãy đợi 1 giây"))
      // A name that nobody has is no different.
      for _ in 1...5 { try await tab.signIn("binh", "wrong") }
      #expect(try await tab.signIn("binh").status == .tooManyRequests)
      try await site.pass("1 second")
      #expect(try await tab.signIn("an").status == .seeOther)

      let guesser = BrowserTab(client, from: "203.0.113.9")
      for attempt in 1...30 {
        #expect(
          try await guesser.signIn("name\(attempt)", "wrong").status == .unprocessableContent)
      }
      #expect(try await guesser.signIn("name0", "wrong").status == .tooManyRequests)
      #expect(try await tab.open("/dang-nhap").status == .seeOther)
      let colleague = BrowserTab(client, from: "198.51.100.2")
      #expect(try await colleague.signIn("an").status == .seeOther)
    }
  }

  @Test func `another site's form signs nobody in or out, and changes no password`() async throws {
    try await SiteDatabase.withOfficer { site, client in
      let tab = BrowserTab(client)
      let names = ["ten": "an", "mat-khau": SiteDatabase.password]
      let fields = try #require(try await tab.open("/dang-nhap").form("/dang-nhap"))
        .merging(names) { $1 }
      let refused = try await tab.send(fields, to: "/dang-nhap", site: "cross-site")
      #expect(refused.status == .forbidden && tab.cookies["ong_session"] == nil)
      // A browser that does not say where a form comes from still has no code for it.
      let page = try await tab.send(names, to: "/dang-nhap", site: nil)
      #expect(page.status == .forbidden && tab.cookies["ong_session"] == nil)
      let stranger = BrowserTab(client)
      #expect(try await stranger.send(fields, to: "/dang-nhap", site: nil).status == .forbidden)

      try await tab.signIn("an")
      #expect(try await tab.send([:], to: "/dang-xuat", site: nil).status == .forbidden)
      // One form's code is not another's.
      let code = try #require(try await tab.open("/tai-khoan").form("/tai-khoan"))
      #expect(try await tab.send(code, to: "/dang-xuat").status == .forbidden)
      let change = [
        "hien-tai": SiteDatabase.password, "moi": "a new long one", "lap-lai": "a new long one",
      ]
      #expect(try await tab.send(change, to: "/tai-khoan", site: nil).status == .forbidden)
      #expect(try await tab.open(form).status == .ok)
      #expect(try await BrowserTab(client).signIn("an").status == .seeOther)
    }
  }

  @Test(arguments: [
    "//evil.example", "https://evil.example", "/\\evil.example", "\\evil", "/a b", "/ă", "evil",
    "/\u{9}/evil.example", "", "/" + String(repeating: "a", count: 1000),
  ])
  func `signing in leads nowhere but to this site`(target: String) async throws {
    #expect(ReturnPath(target) == nil)
    #expect(ReturnPath("/khoi/HDT/2023?da-gui=A&ban=1")?.path == "/khoi/HDT/2023?da-gui=A&ban=1")
  }

  @Test func `a hash of another cost is renewed at the next sign-in, which is otherwise as usual`()
    async throws
  {
    try await SiteDatabase.with { site in
      try await site.addAccount("an", .officer(unit: "KHOC"))
      let signIn = SignIn(
        store: site.accounts,
        hasher: .init(cost: .init(passes: 2, memory: 16 * 1024)))
      for _ in 1...2 {
        let outcome = try await signIn.begin(
          name: "an", password: SiteDatabase.password, address: "192.0.2.1")
        guard case .begun = outcome else {
          Issue.record("\(outcome)")
          return
        }
        let hash = try await site.pool.query("select password_hash from emulation.account")[0, 0]
          .decode(String.self)
        #expect(hash.contains("m=16,t=2"))
      }
    }
  }
}
