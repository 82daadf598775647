import Foundation
import LibpqClient
import Testing

/// Many jobs at once: unique keys within a batch, between batches and through the intake of COPY.
@Suite("Bulk")
struct BulkTests {
  private static let statement = """
    select enqueue_many('q', 'k', $1::text[]::jsonb[], p_unique_keys => $2::text[],
      p_on_conflict => $3, p_unique_scope => $4)
    """

  private func enqueue(
    _ session: Session, _ keys: [String?], _ onConflict: String = "keep", scope: String = "waiting"
  ) async throws -> [Int64] {
    let payloads = keys.indices.map { "\($0)" }
    return try await session.connection.query(Self.statement, [payloads, keys, onConflict, scope])
      .map { try $0[0].decode() }
  }

  private func payloads(_ session: Session) async throws -> [String] {
    try await session.connection.query("select payload::text from job order by id").map {
      try $0[0].decode()
    }
  }

  @Test(
    "Of one key in a batch the first job is kept, or takes the last payload, or all are refused")
  func twins() async throws {
    try await withQueueDatabase { configuration in
      let session = try await Session(configuration)
      let kept = try await enqueue(session, ["b", nil, "a", "b", nil, "a"])
      #expect(kept[3] == kept[0] && kept[5] == kept[2])
      #expect(Set(kept).count == 4)
      #expect(try await payloads(session) == ["0", "1", "2", "4"])
      try await session.run("delete from unique_key; delete from flagged; truncate job")
      let replaced = try await enqueue(session, ["b", "a", "b"], "replace")
      #expect(replaced[2] == replaced[0])
      #expect(try await payloads(session) == ["2", "1"])
      try await session.run("delete from unique_key; delete from flagged; truncate job")
      #expect(
        try await sqlState { _ = try await enqueue(session, ["b", "a", "b"], "raise") } == "OG007")
      #expect(try await payloads(session).isEmpty)
    }
  }

  @Test("A batch finds the keys that others hold", arguments: ["waiting", "settled"])
  func others(_ scope: String) async throws {
    try await withQueueDatabase { configuration in
      let session = try await Session(configuration)
      let first = try await enqueue(session, ["a", "b"], scope: scope)
      let second = try await enqueue(session, ["c", "b", "a"], scope: scope)
      #expect(second[1...] == [first[1], first[0]])
      let epoch = try await session.register()
      let jobs = try await session.claim(epoch)
      #expect(jobs.map(\.id) == [first[0], first[1], second[0]])
      try await session.settle(epoch, jobs[0], ids: jobs.map(\.id))
      let third = try await enqueue(session, ["a", "b", "c"], scope: scope)
      #expect(Set(third).isDisjoint(with: first + second))
    }
  }

  @Test("Batches of the same keys in any order wait for each other and never deadlock")
  func noDeadlock() async throws {
    try await withQueueDatabase { configuration in
      let keys = (0..<60).map { "key \($0)" }
      let ids = try await withThrowingTaskGroup(of: [Int64].self) { group in
        for _ in 0..<4 {
          group.addTask {
            let session = try await Session(configuration)
            var ids: [Int64] = []
            for _ in 0..<15 { ids += try await enqueue(session, keys.shuffled()) }
            await session.connection.close()
            return ids
          }
        }
        return try await group.reduce(into: Set<Int64>()) { $0.formUnion($1) }
      }
      #expect(ids.count == keys.count)
    }
  }

  @Test("Rows that a producer copies into the intake are enqueued as by enqueue")
  func intake() async throws {
    try await withQueueDatabase { configuration in
      let session = try await Session(configuration)
      try await session.run("set role ong_producer")
      let lines = """
        q,k,"{""a"": 1}",,u
        q,k,"{""a"": 2}",,u
        q,k,,2100-01-01,
        q,k,[],,

        """
      let count = try await session.connection.copyIn(
        "copy job_intake (queue, kind, payload, run_at, unique_key) from stdin (format csv)",
        [Array(lines.utf8)])
      #expect(count == 4)
      try await session.run("reset role")
      #expect(try await payloads(session) == [#"{"a": 1}"#, "[]"])
      #expect(try await session.value("select count(*) from deferred") == Int64(1))
      try await session.run("set role ong_producer")
      let state = try await sqlState {
        try await session.connection.copyIn(
          "copy job_intake (queue, kind, priority) from stdin (format csv)", [Array("q,k,9\n".utf8)]
        )
      }
      #expect(state == "OG006")
      #expect(try await sqlState { try await session.run("select * from job_intake") } == "42501")
    }
  }

  @Test("A batch and a COPY of the same keys exclude each other instead of deadlocking")
  func batchAndCopy() async throws {
    try await withQueueDatabase { configuration in
      let (one, two) = (try await Session(configuration), try await Session(configuration))
      let observer = try await Session(configuration)
      try await one.run(
        "begin; insert into job_intake (queue, kind, unique_key) values ('q', 'k', 'b')")
      async let ids = enqueue(two, ["a", "b"])
      try await observer.awaitBlocked(two)
      try await one.run(
        "insert into job_intake (queue, kind, unique_key) values ('q', 'k', 'a'); commit")
      #expect(try await ids.count == 2)
      #expect(try await observer.value("select count(*) from job") == Int64(2))
    }
  }
}
