import Logging

/// A logger whose messages a test can read.
struct LogJournal: LogHandler {
  static func logger(_ journal: Journal<String>) -> Logger {
    Logger(label: "test") { _ in LogJournal(journal: journal) }
  }

  let journal: Journal<String>
  var metadata: Logger.Metadata = [:]
  var logLevel = Logger.Level.debug

  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  func log(event: LogEvent) {
    let all = metadata.merging(event.metadata ?? [:]) { $1 }
    let words = all.sorted { $0.key < $1.key }.map { "\($0)=\($1)" }
    journal.add(([event.message.description] + words).joined(separator: " "))
  }
}
