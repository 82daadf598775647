import EmulationAwards
import Foundation
import Hummingbird
import Testing
import WebServing
import WebTesting

@testable import EmulationWeb

struct RankingPageTests {
  @Test func `with one bloc the front page leads to its ranking`() async throws {
    try await SiteFixture().browse { client in
      try await client.execute(uri: "/", method: .get) { response in
        #expect(response.status == .found)
        #expect(response.headers[.location] == SiteFixture.ranking)
      }
      try await client.execute(uri: "/en", method: .get) { response in
        #expect(response.headers[.location] == "/en\(SiteFixture.ranking)")
      }
    }
  }

  @Test func `units stand by rank with a decimal comma, those not ranked at the end`() async throws
  {
    let site = try SiteFixture()
    try await site.store.submitSheet(SampleBloc.sheet("LG", actual: 1000))
    try await site.store.submitSheet(
      SampleBloc.sheet("CTD", actual: 2000, bonuses: 2, penalties: 1))
    try await site.store.recalculate()
    try await site.browse { client in
      try await client.execute(uri: SiteFixture.ranking, method: .get) { response in
        let page = String(buffer: response.body)
        let units = page.matches(of: /<tr data-unit="(\w+)"/).map { String($0.output.1) }
        #expect(units == ["CTD", "LG", "KHOC", "TYN", "XSS"])
        #expect(page.contains(">101,00<"))
        #expect(page.contains(">+2,00<") && page.contains(">\u{2212}1,00<"))
        #expect(page.contains("Hoàn thành xuất sắc nhiệm vụ"))
        #expect(page.contains("05:13:20, 15/11/2023"))
        #expect(page.contains("Chưa gửi bảng tự chấm điểm"))
      }
    }
  }

  @Test(arguments: [SiteFixture.ranking, "/khoi/HDT/2023/don-vi", "/khoi/HDT/2023/don-vi/XSS"])
  func `no name gets to be markup`(path: String) async throws {
    let site = try SiteFixture()
    try await site.store.submitSheet(SampleBloc.sheet("XSS", actual: 1000))
    try await site.store.recalculate()
    try await site.browse { client in
      for prefix in ["", "/en"] {
        try await client.execute(uri: prefix + path, method: .get) { response in
          let page = String(buffer: response.body)
          #expect(
            page.contains("&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt; &amp; &#39;con&#39;"))
          #expect(!page.contains("<script>"))
          #expect(!page.contains("style=") && !page.contains("onclick="))
        }
      }
    }
  }

  @Test func `a pending recalculation is said, also to browsers without scripts`() async throws {
    let site = try SiteFixture()
    try await site.store.submitSheet(SampleBloc.sheet("CTD", actual: 1000))
    try await site.browse { client in
      try await client.execute(uri: SiteFixture.ranking, method: .get) { response in
        let page = String(buffer: response.body)
        #expect(page.contains(">Đang tính lại…</span>"))
        #expect(page.contains(#"<noscript><meta http-equiv="refresh""#))
      }
    }
    try await site.store.recalculate()
    try await site.browse { client in
      try await client.execute(uri: SiteFixture.ranking, method: .get) { response in
        let page = String(buffer: response.body)
        #expect(page.contains(">Đã cập nhật</span>"))
        #expect(!page.contains(#"http-equiv="refresh""#))
      }
    }
  }

  @Test func `a confirmation names only units that exist`() async throws {
    try await SiteFixture().browse { client in
      try await client.execute(uri: "\(SiteFixture.ranking)?da-gui=CTD&ban=3", method: .get) {
        #expect(String(buffer: $0.body).contains("Đã nhận phiếu tự chấm của Hội Chữ thập đỏ tỉnh"))
      }
      try await client.execute(uri: "\(SiteFixture.ranking)?da-gui=<b>hi&ban=3", method: .get) {
        #expect(!String(buffer: $0.body).contains("Đã nhận phiếu"))
      }
    }
  }

  @Test(arguments: [
    "/khoi/HDT/1999", "/khoi/KHAC/2023", "/khoi/HDT/2023/don-vi/KHONG",
    "/khoi/HDT/2023/trang-thai2",
    "/khoi/X/Y/truc-tiep", "/khoi/HDT/2023/van-ban/bao-cao/7", "/khoi/HDT/2023/van-ban/bao-cao/x",
    "/tai-nguyen/000000000000/site.css", "/%C4%91",
  ])
  func `what is not there is a page that says what to do`(path: String) async throws {
    try await SiteFixture().browse { client in
      try await client.execute(uri: path, method: .get) { response in
        #expect([.notFound, .badRequest].contains(response.status))
        #expect(String(buffer: response.body).contains("Về trang đầu"))
      }
      try await client.execute(uri: "/en\(path)", method: .get) { response in
        #expect(String(buffer: response.body).contains("To the front page"))
      }
    }
  }

  @Test func `a fault inside is told without its details`() async throws {
    let site = try SiteFixture()
    await site.store.goAway()
    try await site.browse { client in
      try await client.execute(uri: SiteFixture.ranking, method: .get) { response in
        #expect(response.status == .internalServerError)
        let page = String(buffer: response.body)
        #expect(page.contains("Hệ thống gặp lỗi"))
        #expect(!page.contains("hunter2") && !page.contains("10.0.0.7"))
      }
    }
  }

  @Test func `style, script and icon are kept for a year under their hash`() async throws {
    try await SiteFixture().browse { client in
      let page = try await client.execute(uri: SiteFixture.ranking, method: .get) {
        String(buffer: $0.body)
      }
      let assets = page.matches(of: /(?:href|src)="(\/tai-nguyen\/[^"]+)"/).map {
        String($0.output.1)
      }
      #expect(assets.count == 3)
      for asset in assets {
        try await client.execute(uri: asset, method: .get) { response in
          #expect(response.status == .ok)
          #expect(response.headers[.cacheControl] == "public, max-age=31536000, immutable")
        }
      }
    }
  }
}
