import EmulationAwards
import Foundation
import Hummingbird
import LibpqClient
import Logging
import Testing
import WebServing
import WebTesting

@testable import EmulationWeb

/// The pages over the real store.
@Suite(.timeLimit(.minutes(2)))
struct StoredPagesTests {
  private static let form = "/khoi/HDT/2023/don-vi/KHOC"

  @Test func `a form is stored with its job, and the new ranking is the page's`() async throws {
    try await SiteDatabase.with { site in
      try await site.settle()
      try await site.server.browse { client in
        var form = try await FilledForm.open(Self.form, in: client)
        #expect(form.fields["I.3.actual"] == "4310,75")
        form.fields["I.4.occurrences"] = "0"
        form.fields["I.3.actual"] = "4.000,25"
        for _ in 1...2 {
          try await form.send(in: client) { response in
            #expect(response.headers[.location] == "/khoi/HDT/2023?da-gui=KHOC&ban=2")
          }
        }
        try await client.execute(uri: "/khoi/HDT/2023", method: .get) {
          #expect(String(buffer: $0.body).contains(">Đang tính lại…</span>"))
        }
        try await site.settle()
        let ranking = try #require(try await site.store.ranking(of: SiteDatabase.key))
        let total = try #require(ranking.row(of: "KHOC")?.score?.total)
        try await client.execute(uri: "/khoi/HDT/2023", method: .get) { response in
          let page = String(buffer: response.body)
          #expect(page.contains(">Đã cập nhật</span>"))
          #expect(page.contains("data-total=\"\(Language.vi.points(total))\""))
        }
      }
    }
  }

  @Test func `two people in one sheet: the second sees both values`() async throws {
    try await SiteDatabase.with { site in
      try await site.server.browse { client in
        var mine = try await FilledForm.open(Self.form, in: client)
        var theirs = mine
        theirs.fields["I.4.occurrences"] = "3"
        mine.fields["I.4.occurrences"] = "4"
        try await theirs.send(in: client) { #expect($0.status == .seeOther) }
        try await mine.send(in: client) { response in
          #expect(response.status == .conflict)
          let page = String(buffer: response.body)
          #expect(page.contains(#"name="I.4.occurrences" value="4""#))
          #expect(page.contains("Đang lưu: <b>3</b>"))
        }
      }
    }
  }

  @Test func `after closing, the report can be downloaded and no sheet be sent`() async throws {
    try await SiteDatabase.with { site in
      try await site.store.requestClosing(of: SiteDatabase.key)
      try await site.settle()
      try await site.server.browse { client in
        let page = try await client.execute(uri: "/khoi/HDT/2023/van-ban", method: .get) {
          String(buffer: $0.body)
        }
        #expect(page.contains("212/QĐ-UBND"))
        #expect(page.contains("Đã gửi"))
        #expect(!page.contains("chuthapdo@"))
        let report = try #require(page.firstMatch(of: /href="([^"]+\/bao-cao\/\d+)"/)).output.1
        try await client.execute(uri: String(report), method: .get) { response in
          #expect(response.status == .ok)
          #expect(String(buffer: response.body).hasPrefix("%PDF-"))
        }
        var form = try await FilledForm.open(Self.form, in: client)
        form.fields["I.4.occurrences"] = "0"
        try await form.send(in: client) { #expect($0.status == .conflict) }
      }
    }
  }

  @Test func `a database that is away costs nothing that was typed: sending again is enough`()
    async throws
  {
    try await SiteDatabase.with { site in
      try await site.server.browse { client in
        var form = try await FilledForm.open(Self.form, in: client)
        form.fields["I.4.occurrences"] = "2"
        await site.pool.close()
        try await form.send(in: client) { response in
          #expect(response.status == .serviceUnavailable)
          #expect(String(buffer: response.body).contains("tải lại trang"))
        }
      }
    }
  }

  @Test func `word of a change comes by NOTIFY, also after the connection was cut`() async throws {
    try await SiteDatabase.with { site in
      let received = AsyncStream.makeStream(of: RankingSignal.self)
      let signals = DatabaseRankingSignals(
        configuration: site.configuration,
        logger: .init(label: "test") { _ in
          SwiftLogNoOpLogHandler()
        })
      let listener = Task {
        await signals.changes { received.continuation.yield($0) }
      }
      var next = received.stream.makeAsyncIterator()
      #expect(await next.next() == .listening)
      var sheet = try await site.store.sheet(of: "LG", in: SiteDatabase.key, stage: .selfScore)
      sheet.figures["I.4"] = .occurrences(1)
      try await site.store.submitSheet(sheet)
      #expect(await next.next() == .changed(SiteDatabase.key))
      try await site.pool.query(
        "select pg_terminate_backend(pid) from pg_stat_activity where query like 'LISTEN%'")
      #expect(await next.next() == .lost)
      while let signal = await next.next(), signal != .listening {}
      listener.cancel()
    }
  }
}
