import Foundation
import LibpqClient
import Testing

/// Steps are enqueued when what they wait for has ended, once, whatever order that comes in.
@Suite("Workflows")
struct WorkflowTests {
  static let diamond = """
    [{"name": "a", "kind": "k", "queue": "q"},
     {"name": "b", "kind": "k", "queue": "q", "after": ["a"]},
     {"name": "c", "kind": "k", "queue": "q", "after": ["a"]},
     {"name": "d", "kind": "k", "queue": "q", "after": ["b", "c"]}]
    """

  @Test(
    "Each step runs when all that it waits for has succeeded, and the last one ends the workflow")
  func diamond() async throws {
    try await withQueueDatabase { configuration in
      let session = try await Session(configuration)
      let epoch = try await session.register()
      let id = try await session.createWorkflow(Self.diamond)
      #expect(try await session.work(epoch) == ["a"])
      #expect(try await session.work(epoch) == ["b", "c"])
      #expect(try await session.workflowState(id) == "running")
      #expect(try await session.work(epoch) == ["d"])
      #expect(try await session.workflowState(id) == "succeeded")
      #expect(try await session.value("select count(*) from tracked") == Int64(0))
      #expect(try await session.value("select count(*) from ending") == Int64(0))
    }
  }

  @Test("A workflow that is rolled back leaves no job and no step")
  func rolledBack() async throws {
    try await withQueueDatabase { configuration in
      let session = try await Session(configuration)
      let epoch = try await session.register()
      try await session.run("begin")
      _ = try await session.createWorkflow(Self.diamond)
      try await session.run("rollback")
      #expect(try await session.work(epoch) == [])
      #expect(try await session.value("select count(*) from step") == Int64(0))
    }
  }

  @Test(
    "A dead step cancels what waits for its success, and runs what waits for its failure or end")
  func dead() async throws {
    try await withQueueDatabase { configuration in
      let session = try await Session(configuration)
      let epoch = try await session.register()
      let id = try await session.createWorkflow(
        """
        [{"name": "a", "kind": "k", "queue": "q"},
         {"name": "b", "kind": "k", "queue": "q", "after": ["a"]},
         {"name": "c", "kind": "k", "queue": "q", "after": ["b"]},
         {"name": "end", "kind": "k", "queue": "q", "after": [{"step": "c", "when": "settled"}]},
         {"name": "alarm", "kind": "k", "queue": "q", "after": [{"step": "a", "when": "failed"}]},
         {"name": "other", "kind": "k", "queue": "q", "after": [{"step": "b", "when": "failed"}]}]
        """)
      #expect(try await session.work(epoch, outcomes: ["a": "dead"]) == ["a"])
      #expect(try await session.work(epoch) == ["alarm", "end"])
      #expect(
        try await session.steps(of: id) == [
          "a dead", "b cancelled", "c cancelled", "end succeeded", "alarm succeeded",
          "other skipped",
        ])
      #expect(try await session.workflowState(id) == "failed")
    }
  }

  @Test("With on_dead = continue the steps after a dead one run")
  func onDeadContinue() async throws {
    try await withQueueDatabase { configuration in
      let session = try await Session(configuration)
      let epoch = try await session.register()
      let id = try await session.createWorkflow(Self.diamond, onDead: "continue")
      try await session.work(epoch)
      #expect(try await session.work(epoch, outcomes: ["b": "dead"]) == ["b", "c"])
      #expect(try await session.work(epoch) == ["d"])
      #expect(try await session.workflowState(id) == "failed")
    }
  }

  @Test("A chain runs its jobs one after the other")
  func chain() async throws {
    try await withQueueDatabase { configuration in
      let session = try await Session(configuration)
      let epoch = try await session.register()
      let job = #"{"kind": "k", "queue": "q"}"#
      let id: Int64 = try await session.value(
        "select create_chain('c', $1)", [JSONText("[\(job), \(job), \(job)]")])
      for step in ["1", "2", "3"] { #expect(try await session.work(epoch) == [step]) }
      #expect(try await session.workflowState(id) == "succeeded")
    }
  }

  @Test("Retries, snoozes and hand-backs end no step; a worker's third crash does")
  func notEnded() async throws {
    try await withQueueDatabase { configuration in
      let session = try await Session(configuration)
      let epoch = try await session.register()
      let id = try await session.createWorkflow(Self.diamond)
      for outcome in ["retry", "snooze", "hand_back", "park"] {
        #expect(try await session.work(epoch, outcomes: ["a": outcome]) == ["a"])
        try await session.connection.query("select promote_due()")
        try await session.connection.query("select unpark_known()")
      }
      #expect(try await session.steps(of: id).first == "a released")
      for _ in 0..<3 {
        let epoch = try await session.register()
        _ = try await session.claim(epoch, limit: 1)
        try await session.connection.query("select rescue($1)", [epoch])
      }
      #expect(try await session.steps(of: id).first == "a dead")
      #expect(try await session.workflowState(id) == "failed")
    }
  }

  @Test("What a workflow can't run is refused when it is made")
  func badInput() async throws {
    try await withQueueDatabase { configuration in
      let session = try await Session(configuration)
      let refusals = [
        (#"[{"name": "a", "kind": "k", "queue": "none"}]"#, "OG004"),
        (#"[{"name": "a", "kind": "k", "queue": "q", "priority": 9}]"#, "OG006"),
        (#"[{"name": "a", "kind": "k", "queue": "q", "affter": []}]"#, "OG006"),
        (#"[{"name": "a", "kind": "k", "queue": "q", "after": ["a"]}]"#, "OG006"),
        (#"[{"name": "a", "kind": "k", "queue": "q", "after": ["b"]}]"#, "OG006"),
        (#"[{"name": "a", "kind": "k", "signal": "s"}]"#, "OG006"),
        (#"[{"name": "a", "signal": "s"}, {"name": "a", "signal": "s"}]"#, "OG006"),
        (#"[{"name": "a", "signal": "s", "deadline_ms": "soon"}]"#, "OG006"),
        (#"[{"name": "a", "batch": true}]"#, "OG006"),
        (#"[{"kind": "k"}]"#, "OG006"),
        (#"["a"]"#, "OG006"), (#"{"name": "a"}"#, "OG006"),
      ]
      for (steps, code) in refusals {
        let state = try await sqlState { _ = try await session.createWorkflow(steps) }
        #expect(state == code, "\(steps)")
      }
    }
  }
}
