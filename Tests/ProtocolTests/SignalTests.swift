import Foundation
import LibpqClient
import Testing

/// A signal is taken once, whichever of signal and wait comes first.
@Suite("Signals")
struct SignalTests {
  static let approval = """
    [{"name": "ask", "kind": "k", "queue": "q"},
     {"name": "yes", "signal": "approved", "after": ["ask"]},
     {"name": "go", "kind": "k", "queue": "q", "after": ["yes"]}]
    """

  @Test("A wait holds no job; its signal releases what waits for it, with the payload")
  func waits() async throws {
    try await withQueueDatabase { configuration in
      let session = try await Session(configuration)
      let epoch = try await session.register()
      let id = try await session.createWorkflow(Self.approval)
      #expect(try await session.work(epoch) == ["ask"])
      #expect(try await session.steps(of: id)[1] == "yes released")
      #expect(try await session.work(epoch) == [])
      #expect(try await send(session, id, #"{"by": "Hoa"}"#) == "taken")
      let by: String = try await session.value(
        "select result ->> 'by' from step_inputs((select job from step where name = 'go'))")
      #expect(by == "Hoa")
      #expect(try await session.work(epoch) == ["go"])
      #expect(try await session.workflowState(id) == "succeeded")
      #expect(try await sqlState { _ = try await send(session, id, "1") } == "OG009")
    }
  }

  @Test("Signals sent before the wait are kept, and one wait takes one, the oldest")
  func kept() async throws {
    try await withQueueDatabase { configuration in
      let session = try await Session(configuration)
      let epoch = try await session.register()
      let id = try await session.createWorkflow(Self.approval)
      #expect(try await send(session, id, "1") == "kept")
      #expect(try await send(session, id, "2") == "kept")
      #expect(try await session.work(epoch) == ["ask"])
      #expect(try await session.value("select result::text from step where name = 'yes'") == "1")
      #expect(try await session.value("select string_agg(payload::text, ',') from signal") == "2")
      #expect(try await session.work(epoch) == ["go"])
    }
  }

  @Test("After the deadline a wait fails, or goes on with null, as declared")
  func deadline() async throws {
    try await withQueueDatabase { configuration in
      let session = try await Session(configuration)
      let epoch = try await session.register()
      let id = try await session.createWorkflow(
        """
        [{"name": "a", "signal": "s", "deadline_ms": 1},
         {"name": "b", "signal": "s", "deadline_ms": 1, "on_deadline": "continue"},
         {"name": "c", "signal": "s", "deadline_ms": 3600000},
         {"name": "after a", "kind": "k", "queue": "q", "after": ["a"]},
         {"name": "after b", "kind": "k", "queue": "q", "after": ["b"]}]
        """)
      var ended = 0
      while ended < 2 {
        ended += Int(try await session.value("select settle_waits()", as: Int32.self))
      }
      #expect(
        try await session.steps(of: id) == [
          "a expired", "b succeeded", "c released", "after a cancelled", "after b released",
        ])
      #expect(try await session.work(epoch) == ["after b"])
    }
  }

  @Test("An outside event finds the wait by name and key, or is kept for it")
  func events() async throws {
    try await withQueueDatabase { configuration in
      let session = try await Session(configuration)
      let wait = #"[{"name": "paid", "signal": "payment", "event_key": "order 7"}]"#
      let tell = "select send_event('payment', $1, '7')"
      let first = try await session.createWorkflow(wait)
      let second = try await session.createWorkflow(wait)
      #expect(try await session.value(tell, ["order 8"]) == "kept")
      #expect(try await session.workflowState(first) == "running")
      #expect(try await session.value(tell, ["order 7"]) == "taken")
      #expect(try await session.workflowState(first) == "succeeded")
      #expect(try await session.workflowState(second) == "running")
      #expect(try await session.value(tell, ["order 7"]) == "taken")
      #expect(try await session.value(tell, ["order 7"]) == "kept")
      let third = try await session.createWorkflow(wait)
      #expect(try await session.workflowState(third) == "succeeded")
    }
  }

  @Test("An event and a wait that begin at the same time find each other")
  func eventRace() async throws {
    try await withQueueDatabase { configuration in
      let (one, two) = (try await Session(configuration), try await Session(configuration))
      let wait = #"[{"name": "paid", "signal": "payment", "event_key": "7"}]"#
      let tell = "select send_event('payment', '7', '1')"
      try await one.run("begin")
      let first = try await one.createWorkflow(wait)
      async let told: String = two.value(tell)
      try await one.awaitBlocked(two)
      try await one.run("commit")
      #expect(try await told == "taken")
      #expect(try await one.workflowState(first) == "succeeded")

      try await one.run("begin")
      #expect(try await one.value(tell) == "kept")
      async let second = two.createWorkflow(wait)
      try await one.awaitBlocked(two)
      try await one.run("commit")
      #expect(try await one.workflowState(try await second) == "succeeded")
    }
  }

  @Test("The leader brings together an event and a wait that missed each other")
  func missed() async throws {
    try await withQueueDatabase { configuration in
      let (one, two) = (try await Session(configuration), try await Session(configuration))
      let id = try await one.createWorkflow(
        """
        [{"name": "a", "signal": "s"}, {"name": "paid", "signal": "payment", "event_key": "7"}]
        """)
      // The sender has looked for a step before it listened, and meets the workflow locked after.
      try await one.run("insert into signal (name, key, payload) values ('payment', '7', '1')")
      try await two.run("begin; select hold_workflow(\(id))")
      #expect(try await one.value("select settle_waits()") == Int32(0))
      try await two.run("rollback")
      #expect(try await one.value("select settle_waits()") == Int32(1))
      #expect(try await one.steps(of: id)[1] == "paid succeeded")
    }
  }

  private func send(_ session: Session, _ workflow: Int64, _ payload: String) async throws -> String
  {
    try await session.value(
      "select send_signal($1, 'approved', $2)", [workflow, JSONText(payload)])
  }
}
