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

  @Test("A ring that turns fast has no index by id, and gets it back when it turns slowly again")
  func withoutIndex() async throws {
    try await withQueueDatabase { configuration in
      let session = try await Session(configuration)
      try await turnFast(session)
      let id = try await session.enqueue()
      try await fill(session)
      #expect(try await session.value(Self.indexed) as [Int32] == [0, 2, 3])
      #expect(try await session.value("select rotate_if_due()") == "not due")

      // The head without one makes room for a head that has it.
      try await slowDown(session)
      #expect(try await session.value("select rotation from maintenance_due()"))
      #expect(try await session.value("select rotate_if_due()") as String != "not due")
      #expect(try await session.value(Self.indexed) as [Int32] == [0, 2, 3])
      #expect(try await isDue(session))
      #expect(try await session.value("select summarize_log()", as: Int32.self) > 15)
      #expect(try await session.value(Self.indexed) as [Int32] == [0, 1, 2, 3])
      #expect(try await session.value("select count(*) from log_rows(\(id))", as: Int64.self) == 1)
      #expect(try await session.blocks(of: Self.lookUp) < 120)  // planned by the statement before
    }
  }

  @Test("A closed segment that somebody still writes to stays without index, and nobody waits")
  func closedSegmentInUse() async throws {
    try await withQueueDatabase { configuration in
      let (session, writer) = (try await Session(configuration), try await Session(configuration))
      try await turnFast(session)
      try await writer.run("begin")
      let id = try await writer.enqueue()
      try await slowDown(session)
      try await session.run("select rotate()")
      for _ in 0..<2 {
        #expect(try await session.value("select summarize_log()", as: Int32.self) == 0)
      }
      #expect(try await session.value(Self.indexed) as [Int32] == [0, 2, 3])
      #expect(try await isDue(session) == false)
      try await writer.run("commit")
      #expect(try await session.value("select count(*) from log_rows(\(id))", as: Int64.self) == 1)
    }
  }

  private static let indexed =
    "select array_agg(s) from generate_series(0, 3) s where id_index(s) is not null"

  /// The head is segment 1 then, and its predecessor was not old.
  private func turnFast(_ session: Session) async throws {
    try await session.run("update rotation set at = clock_timestamp()")
    try await session.run("select rotate()")
  }

  private func slowDown(_ session: Session) async throws {
    try await session.run("update rotation set at = clock_timestamp() - interval '61 s'")
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
    try await slowDown(session)
    return try await session.value("select summary from maintenance_due()")
  }
}
