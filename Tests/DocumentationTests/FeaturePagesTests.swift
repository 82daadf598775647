import Foundation
import JobQueueTesting
import LibpqClient
import Testing

/// The pages of docs/features: their SQL runs, and their Swift is code of Examples/, which runs.
@Suite("Feature pages")
struct FeaturePagesTests {
  static let folder = URL(filePath: #filePath).deletingLastPathComponent()
  static let pages = names(in: folder.appending(path: "../../docs/features"), ending: ".md")

  @Test("The SQL of a page runs from top to bottom", arguments: pages)
  func sql(page: String) async throws {
    let script = try Self.blocks("sql", of: page).joined(separator: "\n")
    try await TestDatabase.withDatabase(template: .queue) { database in
      let connection = try await Connection.open(database.configuration)
      try await connection.execute(script: "set search_path = ong; " + script)
      await connection.close()
    }
  }

  @Test("The Swift of a page is code that is compiled and run", arguments: pages)
  func swift(page: String) throws {
    let examples = Self.folder.appending(path: "Examples")
    let sources = try Self.names(in: examples, ending: ".swift").map {
      Self.lines(try String(contentsOf: examples.appending(path: $0), encoding: .utf8))
    }
    for block in try Self.blocks("swift", of: page) {
      let wanted = Self.lines(block)
      #expect(sources.contains { $0.contains(wanted) }, "not in Examples/: \(block)")
    }
  }

  /// The code without its indentation, which a page may change.
  private static func lines(_ text: String) -> [Substring] {
    text.split(separator: "\n").map { $0.drop { $0 == " " } }
  }

  private static func blocks(_ language: String, of page: String) throws -> [String] {
    let file = folder.appending(path: "../../docs/features/\(page)")
    let text = try String(contentsOf: file, encoding: .utf8)
    return text.components(separatedBy: "```\(language)\n").dropFirst().map {
      $0.components(separatedBy: "```")[0]
    }
  }

  private static func names(in folder: URL, ending suffix: String) -> [String] {
    let names = try? FileManager.default.contentsOfDirectory(atPath: folder.path)
    return (names ?? []).filter { $0.hasSuffix(suffix) }.sorted()
  }
}
