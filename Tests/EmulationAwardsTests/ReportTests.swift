import DocumentRendering
import EmulationAwards
import Foundation
import LibpqClient
import Testing

struct ReportTests {
  private let key = BlocPeriodKey(bloc: "HDT", period: "2023")

  private func closed(_ database: EmulationDatabase) async throws -> Int64 {
    _ = try await database.store.importSample(SampleData.builtIn())
    _ = try await database.store.recalculate(key)
    guard case .closed(let snapshot) = try await database.store.close(key) else {
      throw UnexpectedTurn()
    }
    return snapshot
  }

  private func withFolder(_ body: (URL) async throws -> Void) async throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "ong-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: folder) }
    try await body(folder)
  }

  @Test("The report is a PDF of the snapshot, and the same key gives the same file")
  func rendersOnce() async throws {
    try await EmulationDatabase.with { database in
      try await withFolder { folder in
        let job = RenderReport(snapshot: try await closed(database))
        try await job.run(database.store, PDFReports(), folder: folder, .test())
        let artefact = try #require(try await database.store.reports(of: key).first)
        let file = folder.appending(path: artefact.path)
        let bytes = try Data(contentsOf: file)
        #expect(bytes.starts(with: Data("%PDF-".utf8)))
        #expect(Int64(bytes.count) == artefact.byteCount)

        // Again: nothing new. With the file lost: the same file.
        try await job.run(database.store, PDFReports(), folder: folder, .test())
        try FileManager.default.removeItem(at: file)
        try await job.run(database.store, PDFReports(), folder: folder, .test())
        #expect(try Data(contentsOf: file) == bytes)
        #expect(try await database.store.reports(of: key) == [artefact])
        #expect(
          try FileManager.default.contentsOfDirectory(
            atPath: file.deletingLastPathComponent().path
          ).count == 1)
      }
    }
  }

  @Test("A report reads the snapshot, not the tables that go on living")
  func readsSnapshot() async throws {
    try await EmulationDatabase.with { database in
      try await withFolder { folder in
        let snapshot = try await closed(database)
        try await database.pool.query("update emulation.unit set name_vi = 'Đổi tên'")
        let renderer = TextReports()
        try await RenderReport(snapshot: snapshot).run(
          database.store, renderer, folder: folder, .test())
        let artefact = try #require(try await database.store.reports(of: key).first)
        let text = try String(
          contentsOf: folder.appending(path: artefact.path), encoding: .utf8)
        #expect(!text.contains("Đổi tên"))
        for part in [
          "năm 2023", "Hội Chữ thập đỏ tỉnh", "101.5", "Hội Tù yêu nước tỉnh không xếp hạng",
          "Hội Bảo trợ người khuyết tật và trẻ em mồ côi tỉnh và Hội Cựu thanh niên xung phong tỉnh đồng hạng 10",
          "Đặng Thị Ngọc Ánh", "BC-KTĐ",
        ] { #expect(text.contains(part), "the report says \(part)") }
      }
    }
  }

  @Test("Snapshots keep every digit of their decimals")
  func digits() async throws {
    try await EmulationDatabase.with { database in
      let snapshot = try await closed(database)
      let content = try await database.store.snapshot(snapshot).content
      let ranking = try #require(try await database.store.ranking(of: key))
      #expect(content.ranking.rows == ranking.rows)
      #expect(content.scheme == (try await database.store.scheme(of: key)))
    }
  }
}

/// Writes the document's values down as text.
private struct TextReports: ReportRendering {
  var format: String { "txt" }
  var rendererVersion: Int { 1 }

  func render(_ document: AdministrativeDocument) throws -> [UInt8] {
    Array("\(document)".precomposedStringWithCanonicalMapping.utf8)
  }
}
