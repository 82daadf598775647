import EmulationAwards
import Foundation
import JobQueue
import JobWorker
import LibpqClient
import Logging
import Testing

struct MainJobTests {
  private let key = BlocPeriodKey(bloc: "HDT", period: "2023")

  /// What `ong up --once` does: import, ask for closing, work until nothing is left.
  private func mainJob(
    _ database: EmulationDatabase, _ transport: RecordingTransport, folder: URL
  ) async throws {
    _ = try await database.store.importSample(SampleData.builtIn(), closing: true)
    var registry = JobRegistry()
    EmulationJobs(
      store: database.store, renderer: PDFReports(), transport: transport, reportsFolder: folder
    ).register(in: &registry)
    let worker = Worker(
      configuration: database.configuration, registry: registry,
      settings: WorkerConfiguration(
        queues: Dictionary(uniqueKeysWithValues: EmulationJobs.queues.map { ($0, 2) })),
      logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    _ = try await worker.drained()
  }

  @Test("From the forms to the notices in one go, and a second time changes and sends nothing")
  func twice() async throws {
    try await EmulationDatabase.with { database in
      let folder = FileManager.default.temporaryDirectory.appending(
        path: "ong-\(UUID().uuidString)")
      defer { try? FileManager.default.removeItem(at: folder) }
      let transport = RecordingTransport()
      try await mainJob(database, transport, folder: folder)

      let ranking = try #require(try await database.store.ranking(of: key))
      #expect(ranking.rows.first?.unit.code == "CTD")
      #expect(ranking.rows.first?.score?.total == decimal("101.5"))
      #expect(ranking.rows.last?.unit.code == "TYN")
      #expect(ranking.inputRevision == 16)
      let report = try #require(try await database.store.reports(of: key).first)
      #expect(FileManager.default.fileExists(atPath: folder.appending(path: report.path).path))
      let notices = try await database.store.notices(of: key)
      #expect(notices.map(\.state) == Array(repeating: .sent, count: 16))
      #expect(Set(transport.messages.map(\.messageID)) == Set(notices.map(\.messageID)))
      #expect(transport.messages.count == 16)

      try await mainJob(database, transport, folder: folder)
      #expect(try await database.store.ranking(of: key) == ranking)
      #expect(try await database.store.reports(of: key) == [report])
      #expect(try await database.store.notices(of: key) == notices)
      #expect(transport.messages.count == 16)
    }
  }
}
