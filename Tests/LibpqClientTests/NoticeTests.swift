import JobQueueTesting
import LibpqClient
import Logging
import Synchronization
import Testing

@Suite("Notices of the server")
struct NoticeTests {
  @Test("they go to the log at debug level")
  func log() async throws {
    try await SharedDatabase.use { database in
      let lines = Lines()
      var logger = Logger(label: "test") { _ in lines }
      logger.logLevel = .debug
      let connection = try await Connection.open(database.configuration, logger: logger)
      try await connection.execute(script: "DO $$ BEGIN RAISE WARNING 'chú ý'; END $$")
      #expect(lines.all == ["debug chú ý"])
      await connection.close()
    }
  }
}

/// Keeps what is logged.
private struct Lines: LogHandler {
  private final class Storage: Sendable { let lines = Mutex<[String]>([]) }
  private let storage = Storage()
  var logLevel = Logger.Level.debug
  var metadata: Logger.Metadata = [:]

  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  var all: [String] { storage.lines.withLock { $0 } }

  func log(event: LogEvent) {
    let notice = event.metadata?["notice"].map { "\($0)" } ?? ""
    storage.lines.withLock { $0.append("\(event.level) \(notice)") }
  }
}
