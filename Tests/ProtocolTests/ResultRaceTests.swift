import JobQueueTesting
import LibpqClient
import Testing

/// Results at the level of SQL: stored with the settle or not at all.
@Suite("Results in SQL")
struct ResultRaceTests {
  @Test("A result appears with its settle, is told to who waits, and a refused settle leaves none")
  func stored() async throws {
    try await withQueueDatabase { configuration in
      let (worker, waiter) = (try await Session(configuration), try await Session(configuration))
      let epoch = try await worker.register()
      let ids = [try await worker.enqueue(), try await worker.enqueue()]
      let job = try await worker.claim(epoch)[0]
      let notices = try await waiter.connection.listen("ong_ended")
      try await waiter.run("select await_end(\(ids[0]))")
      let outcomes = JSONText(
        #"[{"id": \#(ids[0]), "outcome": "succeed", "result": {"pages": 3}}]"#)
      #expect(
        try await sqlState {
          try await worker.settle(epoch, job, session: 2, outcomes: outcomes)
        } == "OG003")
      #expect(try await waiter.value("select count(*) from job_result", as: Int64.self) == 0)
      try await worker.settle(epoch, job, outcomes: outcomes)
      for await notice in notices {
        #expect(notice.payload == "\(ids[0])")
        break
      }
      let pages: String = try await waiter.value(
        "select result ->> 'pages' from job_end($1)", [ids[0]])
      #expect(pages == "3")
      #expect(try await waiter.value("select state from job_end($1)", [ids[1]]) == "succeeded")
      #expect(try await waiter.value("select count(*) from job_result", as: Int64.self) == 1)
    }
  }

  @Test("A result outlives the log and a rotation that carried its job out of its segment")
  func afterRotation() async throws {
    try await withQueueDatabase { configuration in
      let session = try await Session(configuration)
      let epoch = try await session.register()
      let id = try await session.enqueue()
      let job = try await session.claim(epoch)[0]
      for _ in 0..<5 { try await session.run("select rotate()") }
      try await session.settle(
        epoch, job, ids: [id],
        outcomes: JSONText(#"[{"id": \#(id), "outcome": "succeed", "result": null}]"#))
      for _ in 0..<5 { try await session.run("select rotate()") }
      #expect(try await session.state(of: id) == "succeeded")
      let result: String = try await session.value("select result::text from job_end($1)", [id])
      #expect(result == "null")
    }
  }

  @Test("A worker keeps results only of jobs that it settles")
  func foreign() async throws {
    try await withQueueDatabase { configuration in
      let session = try await Session(configuration)
      let epoch = try await session.register()
      try await session.enqueue()
      let other = try await session.enqueue()
      let job = try await session.claim(epoch, limit: 1)[0]
      try await session.settle(
        epoch, job, outcomes: JSONText(#"[{"id": \#(other), "outcome": "succeed", "result": 1}]"#))
      #expect(try await session.value("select count(*) from job_result", as: Int64.self) == 0)
    }
  }
}
