import LibpqClient
import Testing

@Suite("Summaries of the log")
struct SummaryTests {
  @Test("A look-up by id reads few blocks of a long log, once the leader has summarized it")
  func lookUp() async throws {
    try await withQueueDatabase { configuration in
      let session = try await Session(configuration)
      #expect(try await isDue(session) == false)
      try await fill(session)
      #expect(try await session.blocks(of: Self.lookUp) > 800)
      #expect(try await isDue(session))
      // Two are not enough; it goes on where it was.
      #expect(try await session.value("select summarize_log(2)", as: Int32.self) == 2)
      #expect(try await session.value("select summarize_log()", as: Int32.self) > 15)
      #expect(try await session.value("select summarize_log()", as: Int32.self) == 0)
      #expect(try await isDue(session) == false)
      #expect(try await session.blocks(of: Self.lookUp) < 120)
    }
  }

  @Test("A range that is still written to is summarized when a rotation has closed its segment")
  func lastRange() async throws {
    try await withQueueDatabase { configuration in
      let session = try await Session(configuration)
      let id = try await session.enqueue()
      #expect(try await session.value("select summarize_log()", as: Int32.self) == 0)
      for _ in 0..<2 { try await session.run("select rotate()") }
      #expect(try await isDue(session))
      #expect(try await session.value("select summarize_log()", as: Int32.self) == 1)
      #expect(try await isDue(session) == false)
      #expect(try await session.value("select count(*) from log_rows(\(id))", as: Int64.self) == 1)
    }
  }

  @Test("Who becomes the leader summarizes what another one has left")
  func newLeader() async throws {
    try await withQueueDatabase { configuration in
      let session = try await Session(configuration)
      try await fill(session)
      #expect(try await session.blocks(of: Self.lookUp) > 800)  // and is planned
      #expect(try await session.value("select summarize_log(3)", as: Int32.self) == 3)
      let other = try await Session(configuration)
      #expect(try await isDue(other))
      #expect(try await other.value("select summarize_log()", as: Int32.self) > 15)
      #expect(try await session.blocks(of: Self.lookUp) < 120)
    }
  }

  @Test("While the ring turns fast, nothing is summarized")
  func fastRing() async throws {
    try await withQueueDatabase { configuration in
      let session = try await Session(configuration)
      try await fill(session)
      #expect(try await isDue(session))
      try await session.run("select rotate()")
      #expect(try await session.value("select summary from maintenance_due()") == false)
      #expect(try await isDue(session))
    }
  }

  private static let lookUp = "select * from log_rows(20000)"

  /// Over 800 blocks, in one segment.
  private func fill(_ session: Session) async throws {
    try await session.run(
      "select count(*) from enqueue_many('q', 'k', array_fill('{\"n\": 1234567}'::jsonb, array[60000]))"
    )
  }

  /// For a head that is a minute old.
  private func isDue(_ session: Session) async throws -> Bool {
    try await session.run("update rotation set at = clock_timestamp() - interval '61 s'")
    return try await session.value("select summary from maintenance_due()")
  }
}
