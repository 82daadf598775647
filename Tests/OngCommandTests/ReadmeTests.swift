import Foundation
import JobQueue
import JobQueueTesting
import LibpqClient
import Testing

/// What the README shows is what works.
@Suite struct ReadmeTests {
  static let root = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()

  private func text(_ path: String) throws -> String {
    try String(contentsOf: Self.root.appending(path: path), encoding: .utf8)
  }

  private func block(_ language: String) throws -> String {
    let readme = try text("README.md")
    let start = try #require(readme.range(of: "```\(language)\n"))
    let end = try #require(readme.range(of: "```", range: start.upperBound..<readme.endIndex))
    return String(readme[start.upperBound..<end.lowerBound])
  }

  @Test("The Swift program is the example that is compiled")
  func swift() throws {
    #expect(try block("swift") == text("Examples/hello/main.swift"))
  }

  @Test("The first forty lines hold what, why, Swift, the two commands and the folder map")
  func beginning() throws {
    let beginning = try text("README.md").split(separator: "\n", omittingEmptySubsequences: false)
      .prefix(40).joined(separator: "\n")
    for part in [
      "A job queue", "Because", "```swift", "./scripts/run", "./scripts/test", "| `docs/`",
    ] {
      #expect(beginning.contains(part), "\(part)")
    }
  }

  @Test("Every link to a file leads to one")
  func links() throws {
    for page in ["README.md", "CONTRIBUTING.md", "docs/architecture.md", "docs/cli.md"] {
      let folder = Self.root.appending(path: page).deletingLastPathComponent()
      for link in try text(page).matches(of: /\]\(([^)#:]+)\)/) {
        let target = folder.appending(path: String(link.1))
        #expect(FileManager.default.fileExists(atPath: target.path), "\(page): \(link.1)")
      }
    }
  }

  @Test("The compiled example runs its job")
  func hello() async throws {
    try await TestDatabase.withDatabase(template: .queue) { database in
      let program = BuiltCommand.program.deletingLastPathComponent().appending(path: "hello")
      let ended = try await Program(program, environment: database.libpqVariables).run()
      #expect(ended.status == 0, "\(ended.errors)")
      #expect(ended.output.contains("Xin chào, Hội Khuyến học!"))
    }
  }

  @Test("The SQL runs in psql, and its jobs are there")
  func psql() async throws {
    try await TestDatabase.withDatabase(template: .queue) { database in
      let psql = Program(
        URL(filePath: "/usr/bin/psql"), environment: database.libpqVariables)
      let ended = try await psql.run("-q", "-v", "ON_ERROR_STOP=1", input: block("sql"))
      #expect(ended.status == 0, "\(ended.errors)")
      let pool = ConnectionPool(database.configuration, size: 1)
      let jobs = try await JobQueue(pool: pool).jobs(JobFilter(queue: "mail"))
      await pool.close()
      #expect(
        jobs.map(\.kind).sorted() == ["letter.remind"] + Array(repeating: "letter.send", count: 3))
      #expect(jobs.first { $0.kind == "letter.remind" }?.priority == .urgent)
    }
  }
}
