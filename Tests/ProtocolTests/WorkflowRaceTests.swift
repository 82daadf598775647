import Foundation
import LibpqClient
import Testing

/// Scripted interleavings of workflows: two sessions, one of which waits for the other.
@Suite("Workflow races")
struct WorkflowRaceTests {
  /// What a settle ends is worked off when it commits; this does so before, and keeps the transaction
  /// open.
  private static let workOff = "set constraints all immediate"

  @Test("Two dependencies settled at once enqueue the step that waits for both once")
  func twoDependencies() async throws {
    try await withQueueDatabase { configuration in
      let (one, two) = (try await Session(configuration), try await Session(configuration))
      let (first, second) = (try await one.register(), try await two.register())
      let id = try await one.createWorkflow(WorkflowTests.diamond)
      try await one.work(first)
      let b = try await one.claim(first, limit: 1)
      let c = try await two.claim(second, limit: 1)
      try await one.run("begin")
      try await one.settle(first, b[0])
      try await one.run(Self.workOff)
      async let other: Void = two.settle(second, c[0])
      try await one.awaitBlocked(two)
      try await one.run("commit")
      try await other
      #expect(try await one.work(first) == ["d"])
      #expect(try await one.workflowState(id) == "succeeded")
    }
  }

  @Test("A settle that is rolled back has ended no step")
  func rolledBack() async throws {
    try await withQueueDatabase { configuration in
      let session = try await Session(configuration)
      let epoch = try await session.register()
      let id = try await session.createWorkflow(WorkflowTests.diamond)
      let a = try await session.claim(epoch)
      try await session.run("begin")
      try await session.settle(epoch, a[0])
      try await session.run(Self.workOff + "; rollback")
      #expect(try await session.steps(of: id)[0] == "a released")
      #expect(try await session.value("select count(*) from tracked") == Int64(1))
      try await session.settle(epoch, a[0])
      #expect(try await session.work(epoch) == ["b", "c"])
    }
  }

  @Test("A step whose worker was rescued is counted once, and the late settle not at all")
  func rescued() async throws {
    try await withQueueDatabase { configuration in
      let session = try await Session(configuration)
      let (lost, epoch) = (try await session.register(), try await session.register())
      let id = try await session.createWorkflow(WorkflowTests.diamond)
      let a = try await session.claim(lost)
      try await session.connection.query("select rescue($1)", [lost])
      let late = try await sqlState { try await session.settle(lost, a[0]) }
      #expect(late == "OG001")
      #expect(try await session.work(epoch) == ["a"])
      #expect(try await session.work(epoch) == ["b", "c"])
      #expect(try await session.work(epoch) == ["d"])
      #expect(try await session.workflowState(id) == "succeeded")
    }
  }

  @Test("The last members of a batch settled at once run the callback once")
  func lastMembers() async throws {
    try await withQueueDatabase { configuration in
      let (one, two) = (try await Session(configuration), try await Session(configuration))
      let (first, second) = (try await one.register(), try await two.register())
      let id: Int64 = try await one.value(
        "select enqueue_batch('q', 'k', array_fill('{}'::jsonb, array[2]), $1)",
        [JSONText(BatchTests.callbacks)])
      let a = try await one.claim(first, limit: 1)
      let b = try await two.claim(second, limit: 1)
      try await one.run("begin")
      try await one.settle(first, a[0])
      try await one.run(Self.workOff)
      async let other: Void = two.settle(second, b[0])
      try await one.awaitBlocked(two)
      try await one.run("commit")
      try await other
      #expect(try await one.work(first) == ["on settled", "on succeeded"])
      #expect(try await one.workflowState(id) == "succeeded")
    }
  }

  @Test(
    "A settle waits for one who adds steps, and the new step holds back the one that it precedes")
  func addingWhileSettling() async throws {
    try await withQueueDatabase { configuration in
      let (one, two) = (try await Session(configuration), try await Session(configuration))
      let epoch = try await two.register()
      let id = try await one.createWorkflow(
        """
        [{"name": "a", "kind": "k", "queue": "q"},
         {"name": "b", "kind": "k", "queue": "q", "after": ["a"]}]
        """)
      let a = try await two.claim(epoch)
      try await one.run("begin")
      try await one.connection.query(
        "select add_steps($1, $2)",
        [id, JSONText(#"[{"name": "n", "signal": "s", "after": ["a"], "before": ["b"]}]"#)])
      async let settled: Void = two.settle(epoch, a[0])
      try await one.awaitBlocked(two)
      try await one.run("commit")
      try await settled
      #expect(try await one.steps(of: id) == ["a succeeded", "b waiting", "n released"])
    }
  }

  @Test("Settles that end steps of the same workflows in other orders don't deadlock")
  func orders() async throws {
    try await withQueueDatabase { configuration in
      let (one, two) = (try await Session(configuration), try await Session(configuration))
      let (first, second) = (try await one.register(), try await two.register())
      let pair =
        #"[{"name": "a", "kind": "k", "queue": "q"}, {"name": "b", "kind": "k", "queue": "q"}]"#
      var ids: [Int64] = []
      for _ in 0..<2 { ids.append(try await one.createWorkflow(pair)) }
      // One has a of the first and b of the second, two the others; each settles in two calls, the
      // other way round.
      var (mine, theirs): ([Claimed], [Claimed]) = ([], [])
      for number in 0..<4 {
        if number == 0 || number == 3 {
          mine += try await one.claim(first, limit: 1)
        } else {
          theirs += try await two.claim(second, limit: 1)
        }
      }
      try await one.run("begin")
      try await two.run("begin")
      try await one.settle(first, mine[0])
      try await two.settle(second, theirs[1])
      try await one.settle(first, mine[1])
      try await two.settle(second, theirs[0])
      async let committed: Void = one.run("commit")
      try await two.run("commit")
      try await committed
      for id in ids { #expect(try await one.workflowState(id) == "succeeded") }
    }
  }
}
