import JobQueueTesting
import LibpqClient
import Testing

@Suite("Notifications", .timeLimit(.minutes(3)))
struct ListenTests {
  @Test("they arrive while the listener is idle and while it is busy")
  func idleAndBusy() async throws {
    try await SharedDatabase.use { database in
      let (listener, sender) = (try await database.connect(), try await database.connect())
      var messages = try await listener.listen("Kênh \"1\"").makeAsyncIterator()
      try await sender.query("SELECT pg_notify($1, 'rảnh')", ["Kênh \"1\""])
      let first = try #require(await messages.next())
      #expect(first.payload == "rảnh" && first.senderProcessID == sender.backendProcessID)
      // Sent to itself by a pipeline, so that it comes between results.
      _ = try await listener.pipeline([
        .query("SELECT pg_notify($1, 'bận')", ["Kênh \"1\""]), .sync,
        .query("SELECT count(*) FROM generate_series(1, 100000)"),
      ])
      #expect(await messages.next()?.payload == "bận")
    }
  }

  @Test("they arrive between the results of a running statement's predecessor and its end")
  func whileRunning() async throws {
    try await SharedDatabase.use { database in
      let (listener, sender) = (try await database.connect(), try await database.connect())
      var messages = try await listener.listen("running").makeAsyncIterator()
      async let busy = listener.query("SELECT pg_sleep(0.2)")
      try await sender.query("SELECT pg_notify('running', 'x')")
      #expect(await messages.next()?.payload == "x")
      _ = try await busy
    }
  }

  @Test("other channels are not heard, several listeners each hear all")
  func channels() async throws {
    try await SharedDatabase.use { database in
      let connection = try await database.connect()
      var first = try await connection.listen("a").makeAsyncIterator()
      var second = try await connection.listen("a").makeAsyncIterator()
      try await connection.execute(script: "NOTIFY b, '0'; NOTIFY a, '1'; NOTIFY a, '2'")
      for expected in ["1", "2"] {
        #expect(await first.next()?.payload == expected)
        #expect(await second.next()?.payload == expected)
      }
    }
  }

  @Test("unlisten and the connection's end end the streams")
  func ends() async throws {
    try await SharedDatabase.use { database in
      let connection = try await database.connect()
      let (one, two) = (try await connection.listen("end a"), try await connection.listen("end b"))
      try await connection.unlisten("end a")
      for await _ in one { Issue.record("nothing was sent") }
      await connection.close()
      for await _ in two { Issue.record("nothing was sent") }
    }
  }

  @Test("dropping the last stream ends the subscription on the server")
  func dropping() async throws {
    try await SharedDatabase.use { database in
      let connection = try await database.connect()
      do { _ = try await connection.listen("dropped") }
      let sql = "SELECT count(*) FROM pg_listening_channels()"
      while try await connection.query(sql)[0, 0].decode(Int.self) > 0 {}
    }
  }

  @Test("a channel name that the server would cut is refused")
  func names() async throws {
    try await SharedDatabase.use { database in
      let connection = try await database.connect()
      for name in ["", String(repeating: "a", count: 64), "a\0b"] {
        await #expect(throws: DatabaseError.self) { _ = try await connection.listen(name) }
      }
    }
  }
}
