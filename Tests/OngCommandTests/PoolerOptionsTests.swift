import ArgumentParser
import LibpqClient
import Testing

@testable import OngCommand

@Suite struct PoolerOptionsTests {
  private func work(_ arguments: String...) throws -> ServiceOptions {
    try WorkCommand.parse(arguments).service
  }

  @Test("Sessions go to the server itself, where the database is behind a pooler")
  func sessions() throws {
    #expect(try work("--database", "host=a").sessionsDatabase == nil)
    let pooled = try work("--database", "host=a", "--pooled", "--sessions", "host=b")
    #expect(pooled.sessionsDatabase?.conninfo == "host=b")
    #expect(pooled.sessionsDatabase?.pooling == .session)
    #expect(throws: (any Error).self) { try work("--sessions", "host=b") }
    #expect(throws: (any Error).self) {
      try work("--pooled", "--sessions", "host=b password=secret")
    }
  }

  @Test("Commands that must listen say what they need")
  func required() throws {
    try work("--pooled", "--sessions", "host=b").requireSessions(for: "live rankings")
    try work("--database", "host=a").requireSessions(for: "live rankings")
    let failure = #expect(throws: CommandFailure.self) {
      try work("--pooled").requireSessions(for: "live rankings")
    }
    #expect(failure?.status == .usage)
  }
}
