import Foundation
import LibpqClient
import Testing

/// Members of a batch are counted once each, and its callbacks run once.
@Suite("Batches")
struct BatchTests {
  static let callbacks = """
    {"settled": {"kind": "k", "queue": "q"}, "succeeded": {"kind": "k", "queue": "q"},
     "failed": {"kind": "k", "queue": "q"}}
    """

  @Test("All succeeded: the callbacks settled and succeeded run, and read the counts")
  func allSucceed() async throws {
    try await withQueueDatabase { configuration in
      let session = try await Session(configuration)
      let epoch = try await session.register()
      let id = try await batch(session, of: 2500)
      var members = 0
      for _ in 0..<3 { members += try await session.work(epoch).count { $0 == "-" } }
      #expect(members == 2500)
      #expect(try await session.work(epoch) == ["on settled", "on succeeded"])
      #expect(try await session.work(epoch) == [])
      #expect(
        try await session.steps(of: id) == [
          "members succeeded", "on failed skipped", "on settled succeeded",
          "on succeeded succeeded",
        ])
      let total: String = try await session.value(
        """
        select result ->> 'succeeded' from step_inputs((select job from step where name = 'on settled'))
        """)
      #expect(total == "2500")
      #expect(try await session.workflowState(id) == "succeeded")
      #expect(try await session.value("select count(*) from tracked") == Int64(0))
    }
  }

  @Test("The first dead member runs the callback failed while others still run, once")
  func firstDead() async throws {
    try await withQueueDatabase { configuration in
      let session = try await Session(configuration)
      let epoch = try await session.register()
      let id = try await batch(session, of: 4)
      let jobs = try await session.claim(epoch)
      for place in [0, 1] {
        try await session.settle(
          epoch, jobs[place], ids: [jobs[place].id], isFinal: false,
          outcomes: JSONText(#"[{"id": \#(jobs[place].id), "outcome": "dead"}]"#))
      }
      #expect(try await session.work(epoch) == ["on failed"])
      try await session.settle(epoch, jobs[2], ids: [jobs[2].id, jobs[3].id])
      #expect(try await session.work(epoch) == ["on settled"])
      #expect(try await session.work(epoch) == [])
      #expect(try await session.workflowState(id) == "failed")
    }
  }

  @Test("An open batch ends only when it is sealed; its members may add others")
  func open() async throws {
    try await withQueueDatabase { configuration in
      let session = try await Session(configuration)
      let epoch = try await session.register()
      let id: Int64 = try await session.value(
        "select create_batch('b', $1)", [JSONText(Self.callbacks)])
      let add = "select add_members($1, 'q', 'k', array_fill('{}'::jsonb, array[3]))"
      try await session.connection.query(add, [id])
      #expect(try await session.work(epoch).count == 3)
      #expect(try await session.work(epoch) == [])
      try await session.connection.query(add, [id])
      let jobs = try await session.claim(epoch)
      try await session.connection.query("select seal_batch($1)", [id])
      try await session.connection.query(add, [id])
      try await session.settle(epoch, jobs[0])
      #expect(try await session.work(epoch).count == 3)
      #expect(try await session.work(epoch) == ["on settled", "on succeeded"])
      #expect(try await sqlState { try await session.connection.query(add, [id]) } == "OG009")
    }
  }

  @Test("A batch without members ends when it is sealed")
  func empty() async throws {
    try await withQueueDatabase { configuration in
      let session = try await Session(configuration)
      let epoch = try await session.register()
      let id = try await batch(session, of: 0)
      #expect(try await session.work(epoch) == ["on settled", "on succeeded"])
      #expect(try await session.workflowState(id) == "succeeded")
    }
  }

  private func batch(_ session: Session, of count: Int32) async throws -> Int64 {
    try await session.value(
      "select enqueue_batch('q', 'k', array_fill('{}'::jsonb, array[$1::int]), $2)",
      [count, JSONText(Self.callbacks)])
  }
}
