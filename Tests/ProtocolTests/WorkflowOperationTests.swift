import Foundation
import LibpqClient
import Testing

/// Whole workflows are cancelled, retried and forgotten; running jobs add steps.
@Suite("Workflow operations")
struct WorkflowOperationTests {
  @Test("Cancelling ends all that waits, and asks what runs to end")
  func cancel() async throws {
    try await withQueueDatabase { configuration in
      let session = try await Session(configuration)
      let epoch = try await session.register()
      let id = try await session.createWorkflow(
        """
        [{"name": "a", "kind": "k", "queue": "q"},
         {"name": "later", "kind": "k", "queue": "q", "delay_ms": 3600000},
         {"name": "wait", "signal": "s"},
         {"name": "b", "kind": "k", "queue": "q", "after": ["a"]},
         {"name": "end", "kind": "k", "queue": "q", "after": [{"step": "b", "when": "settled"}]}]
        """)
      let jobs = try await session.claim(epoch)
      #expect(try await session.value("select cancel_workflow($1)", [id]) == "requested")
      #expect(
        try await session.steps(of: id) == [
          "a released", "later cancelled", "wait cancelled", "b cancelled", "end cancelled",
        ])
      #expect(try await session.value("select count(*) from cancel_request") == Int64(1))
      try await session.settle(epoch, jobs[0])
      #expect(try await session.workflowState(id) == "cancelled")
      #expect(try await session.steps(of: id)[0] == "a succeeded")
      #expect(try await session.work(epoch) == [])
      let again = try await sqlState {
        try await session.connection.query("select cancel_workflow($1)", [id])
      }
      #expect(again == "OG009")
    }
  }

  @Test("Cancelling a batch ends its members wherever they wait")
  func cancelBatch() async throws {
    try await withQueueDatabase { configuration in
      let session = try await Session(configuration)
      let epoch = try await session.register()
      let id: Int64 = try await session.value("select create_batch('b')")
      let add =
        "select add_members($1, 'q', 'k', array_fill('{}'::jsonb, array[1500]), 2::smallint, $2)"
      try await session.connection.query(add, [id, Date?.none])
      try await session.connection.query(add, [id, Date(timeIntervalSinceNow: 3600)])
      let running = try await session.claim(epoch, limit: 10)
      #expect(try await session.value("select cancel_workflow($1)", [id]) == "requested")
      try await session.settle(epoch, running[0])
      #expect(try await session.workflowState(id) == "cancelled")
      let counts: String = try await session.value(
        "select concat_ws(' ', result -> 'cancelled', result -> 'succeeded') from step")
      #expect(counts == "2990 10")
      #expect(try await session.claim(epoch, limit: 5000) == [])
      #expect(try await session.value("select count(*) from deferred") == Int64(0))
    }
  }

  @Test("A retry runs what did not succeed and what waited for it, and reads the old results")
  func retry() async throws {
    try await withQueueDatabase { configuration in
      let session = try await Session(configuration)
      let epoch = try await session.register()
      let id = try await session.createWorkflow(
        """
        [{"name": "a", "kind": "k", "queue": "q"}, {"name": "b", "kind": "k", "queue": "q"},
         {"name": "c", "kind": "k", "queue": "q", "after": ["a", "b"]},
         {"name": "alarm", "kind": "k", "queue": "q", "after": [{"step": "b", "when": "failed"}]}]
        """)
      let jobs = try await session.claim(epoch)
      try await session.settle(
        epoch, jobs[0],
        outcomes: JSONText(
          """
          [{"id": \(jobs[0].id), "outcome": "succeed", "result": 41},
           {"id": \(jobs[1].id), "outcome": "dead"}]
          """))
      #expect(try await session.work(epoch) == ["alarm"])
      #expect(try await session.workflowState(id) == "failed")
      #expect(try await session.value("select retry_workflow($1)", [id]) == Int32(3))
      #expect(try await session.value("select count(*) from dead") == Int64(0))
      #expect(try await session.work(epoch) == ["b"])
      #expect(
        try await session.steps(of: id) == [
          "a succeeded", "b succeeded", "c released", "alarm skipped",
        ])
      let result: String = try await session.value(
        "select result::text from step_inputs((select job from step where name = 'c')) limit 1")
      #expect(result == "41")
      #expect(try await session.work(epoch) == ["c"])
      #expect(try await session.workflowState(id) == "succeeded")
      let again = try await sqlState {
        try await session.connection.query("select retry_workflow($1)", [id])
      }
      #expect(again == "OG009")
    }
  }

  @Test("A retry of a batch runs its dead members, and its callbacks once more")
  func retryBatch() async throws {
    try await withQueueDatabase { configuration in
      let session = try await Session(configuration)
      let epoch = try await session.register()
      let id: Int64 = try await session.value(
        "select enqueue_batch('q', 'k', array_fill('{}'::jsonb, array[2000]), $1)",
        [JSONText(BatchTests.callbacks)])
      #expect(try await session.work(epoch, outcomes: ["-": "dead"]).count == 1000)
      #expect(try await session.work(epoch).count == 1000)
      #expect(try await session.work(epoch) == ["on failed", "on settled"])
      #expect(try await session.workflowState(id) == "failed")
      #expect(try await session.value("select retry_workflow($1)", [id]) == Int32(4))
      #expect(try await session.work(epoch).count == 1000)
      #expect(try await session.work(epoch) == ["on settled", "on succeeded"])
      #expect(try await session.workflowState(id) == "succeeded")
    }
  }

  @Test("A dead job that is retried alone reopens its workflow, as a step and as a member")
  func retryJob() async throws {
    try await withQueueDatabase { configuration in
      let session = try await Session(configuration)
      let epoch = try await session.register()
      let id = try await session.createWorkflow(WorkflowTests.diamond)
      try await session.work(epoch, outcomes: ["a": "dead"])
      #expect(try await session.workflowState(id) == "failed")
      try await session.connection.query("select retry_dead()")
      #expect(try await session.workflowState(id) == "running")
      #expect(try await session.work(epoch) == ["a"])
      #expect(try await session.work(epoch) == ["b", "c"])
      #expect(try await session.work(epoch) == ["d"])
      #expect(try await session.workflowState(id) == "succeeded")

      let batch: Int64 = try await session.value(
        "select enqueue_batch('q', 'k', array_fill('{}'::jsonb, array[3]), $1)",
        [JSONText(BatchTests.callbacks)])
      try await session.work(epoch, outcomes: ["-": "dead"])
      try await session.work(epoch)
      #expect(try await session.workflowState(batch) == "failed")
      try await session.connection.query("select retry_dead()")
      #expect(try await session.workflowState(batch) == "running")
      #expect(try await session.work(epoch) == ["-", "-", "-"])
      #expect(try await session.work(epoch) == ["on settled", "on succeeded"])
      #expect(try await session.workflowState(batch) == "succeeded")
    }
  }

  @Test("A running job adds steps before later ones, once however often it runs")
  func dynamicSteps() async throws {
    try await withQueueDatabase { configuration in
      let session = try await Session(configuration)
      let epoch = try await session.register()
      let id = try await session.createWorkflow(
        """
        [{"name": "split", "kind": "k", "queue": "q"},
         {"name": "join", "kind": "k", "queue": "q", "after": ["split"]}]
        """)
      let jobs = try await session.claim(epoch)
      let children = JSONText(
        """
        [{"name": "part 1", "kind": "k", "queue": "q", "after": ["split"], "before": ["join"]},
         {"name": "part 2", "kind": "k", "queue": "q", "before": ["join"]}]
        """)
      let add = "select add_steps($1, $2)"
      #expect(try await session.value(add, [id, children]) == Int32(2))
      #expect(try await session.value(add, [id, children]) == Int32(0))
      #expect(try await session.work(epoch) == ["part 2"])
      try await session.settle(epoch, jobs[0])
      #expect(try await session.work(epoch) == ["part 1"])
      #expect(try await session.work(epoch) == ["join"])
      #expect(try await session.workflowState(id) == "succeeded")
      #expect(
        try await sqlState { try await session.connection.query(add, [id, children]) } == "OG009")
    }
  }

  @Test("A circle is refused, and a step before one that has started")
  func circle() async throws {
    try await withQueueDatabase { configuration in
      let session = try await Session(configuration)
      let id = try await session.createWorkflow(WorkflowTests.diamond)
      let refusals = [
        (#"[{"name": "x", "signal": "s", "after": ["d"], "before": ["b"]}]"#, "OG006"),
        (#"[{"name": "x", "signal": "s", "before": ["a"]}]"#, "OG009"),
        (#"[{"name": "x", "signal": "s", "before": ["none"]}]"#, "OG009"),
        (#"[{"name": "x", "signal": "s", "after": ["a", "a"]}]"#, "OG006"),
      ]
      for (steps, code) in refusals {
        let state = try await sqlState {
          try await session.connection.query("select add_steps($1, $2)", [id, JSONText(steps)])
        }
        #expect(state == code, "\(steps)")
      }
    }
  }

  @Test("Steps added after the end of what they wait for are told of it")
  func lateSteps() async throws {
    try await withQueueDatabase { configuration in
      let session = try await Session(configuration)
      let epoch = try await session.register()
      let id = try await session.createWorkflow(
        """
        [{"name": "a", "kind": "k", "queue": "q"}, {"name": "b", "kind": "k", "queue": "q"},
         {"name": "hold", "signal": "s"}]
        """)
      try await session.work(epoch, outcomes: ["b": "dead"])
      try await session.connection.query(
        "select add_steps($1, $2)",
        [
          id,
          JSONText(
            """
            [{"name": "after a", "kind": "k", "queue": "q", "after": ["a"]},
             {"name": "after b", "kind": "k", "queue": "q", "after": ["b"]},
             {"name": "b failed", "kind": "k", "queue": "q", "after": [{"step": "b", "when": "failed"}]}]
            """),
        ])
      #expect(try await session.work(epoch) == ["after a", "b failed"])
      #expect(try await session.steps(of: id)[4] == "after b cancelled")
    }
  }

  @Test("Ended workflows are forgotten after keep_events, with all that belongs to them")
  func prune() async throws {
    try await withQueueDatabase { configuration in
      let session = try await Session(configuration)
      let epoch = try await session.register()
      _ = try await session.createWorkflow(WorkflowTests.diamond)
      try await session.work(epoch, outcomes: ["a": "dead"])
      let running = try await session.createWorkflow(#"[{"name": "a", "signal": "s"}]"#)
      try await session.run("select send_event('e', 'k'); update setting set keep_events = '0'")
      try await session.run("select prune()")
      let left: String = try await session.value(
        """
        select concat_ws(' ', (select string_agg(id::text, ',') from workflow), (select count(*) from step),
          (select count(*) from step_edge), (select count(*) from signal))
        """)
      #expect(left == "\(running) 1 0 0")
    }
  }

  @Test("A job's story names its workflow")
  func story() async throws {
    try await withQueueDatabase { configuration in
      let session = try await Session(configuration)
      let id = try await session.createWorkflow(WorkflowTests.diamond)
      let story: String = try await session.value(
        """
        select jsonb_build_array(s -> 'id', s -> 'step', s -> 'needed_by', s -> 'waits_for')::text
        from (select job_story(job) -> 'workflow' s from step where name = 'a') j
        """)
      #expect(story == #"[\#(id), "a", ["b", "c"], []]"#)
      let waiting: String = try await session.value(
        """
        select string_agg(s ->> 'name' || ' for ' || (s -> 'waits_for')::text, '; ')
        from jsonb_array_elements(workflow_story($1) -> 'steps') s where s ->> 'state' = 'waiting'
        """, [id])
      #expect(waiting == #"b for ["a"]; c for ["a"]; d for ["b", "c"]"#)
      let batch: Int64 = try await session.value(
        "select enqueue_batch('q', 'k', array['{}'::jsonb])")
      let member: String = try await session.value(
        """
        select concat_ws(' ', s -> 'id', s ->> 'step') from (
          select job_story(max(id)) -> 'workflow' s from job) j
        """)
      #expect(member == "\(batch) members")
    }
  }
}
