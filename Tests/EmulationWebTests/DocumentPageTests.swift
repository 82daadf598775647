import EmulationAwards
import Foundation
import HTTPTypes
import Hummingbird
import Testing
import WebTesting

@testable import EmulationWeb

private func report(_ id: Int64, path: String) -> ReportArtefact {
  ReportArtefact(
    id: id, kind: "year_end", snapshot: 1, templateVersion: 1, locale: "vi", format: "pdf",
    path: path, byteCount: 86_221, sha256: String(repeating: "ab", count: 32),
    renderedAt: Date(timeIntervalSince1970: 1_700_000_000))
}

struct DocumentPageTests {
  @Test func `reports are listed and downloaded, and nothing outside their folder is`() async throws
  {
    let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
    let output = folder.appending(path: "output")
    try FileManager.default.createDirectory(at: output, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    try Data("%PDF-1.7".utf8).write(to: output.appending(path: "a.pdf"))
    try Data("secret".utf8).write(to: folder.appending(path: "secret.pdf"))
    try FileManager.default.createSymbolicLink(
      at: output.appending(path: "link.pdf"),
      withDestinationURL: folder.appending(path: "secret.pdf"))
    let site = try SiteFixture(reportsFolder: output)
    await site.store.setReports([
      report(1, path: "a.pdf"), report(2, path: "../secret.pdf"), report(3, path: "link.pdf"),
      report(4, path: "gone.pdf"),
    ])
    try await site.browse { client in
      let base = "/khoi/HDT/2023/van-ban"
      try await client.execute(uri: base, method: .get) { response in
        let page = String(buffer: response.body)
        #expect(page.contains(#"href="/khoi/HDT/2023/van-ban/bao-cao/1" download"#))
        #expect(page.contains("84,2 KB"))
        #expect(page.contains("Chưa có thông báo nào"))
      }
      try await client.execute(uri: "\(base)/bao-cao/1", method: .get) { response in
        #expect(response.headers[.contentType] == "application/pdf")
        #expect(
          response.headers[.contentDisposition]
            == #"attachment; filename="bao-cao-HDT-2023-1.pdf""#)
        #expect(String(buffer: response.body) == "%PDF-1.7")
      }
      for id in 2...4 {
        try await client.execute(uri: "\(base)/bao-cao/\(id)", method: .get) {
          #expect($0.status == .notFound)
        }
      }
    }
  }

  @Test func `addresses are recognisable and not usable`() {
    #expect(DocumentsView.masked("chuthapdo@binhminh.example.vn") == "ch•••@binhminh.example.vn")
    #expect(DocumentsView.masked("nobody") == "•••")
  }
}
