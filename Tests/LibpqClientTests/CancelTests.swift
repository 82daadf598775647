import JobQueueTesting
import Testing

@testable import LibpqClient

@Suite("Cancelling", .timeLimit(.minutes(3)))
struct CancelTests {
  private func withConnection(_ body: (Connection) async throws -> Void) async throws {
    try await SharedDatabase.use { try await body($0.connect()) }
  }

  /// Returns when the statement is running on the server.
  private func awaitActive(_ connection: Connection, in database: TestDatabase) async throws {
    let observer = try await database.connect()
    let sql = "SELECT state = 'active' FROM pg_stat_activity WHERE pid = $1"
    while try await !observer.query(sql, [Int(connection.backendProcessID)])[0, 0].decode(Bool.self)
    {}
    await observer.close()
  }

  @Test("cancel() ends the running statement and spares the connection")
  func running() async throws {
    try await SharedDatabase.use { database in
      let connection = try await database.connect()
      async let sleep = connection.query("SELECT pg_sleep(50)", timeout: .seconds(55))
      try await awaitActive(connection, in: database)
      connection.cancel()
      do {
        _ = try await sleep
        Issue.record("expected the statement to be cancelled")
      } catch let error as DatabaseError {
        #expect(error.kind == .cancelled && error.sqlState == "57014")
      }
      try await connection.query("SELECT 1")
    }
  }

  @Test("cancelling the task cancels its statement on the server")
  func task() async throws {
    try await SharedDatabase.use { database in
      let connection = try await database.connect()
      let task = Task { try await connection.query("SELECT pg_sleep(50)", timeout: .seconds(55)) }
      try await awaitActive(connection, in: database)
      task.cancel()
      let error = await #expect(throws: DatabaseError.self) { try await task.value }
      #expect(error?.kind == .cancelled)
      try await connection.query("SELECT 1")
    }
  }

  @Test("a cancelled task's statement in line is never sent, and its neighbours are not hit")
  func inLine() async throws {
    try await withConnection { connection in
      try await connection.execute(script: "CREATE TEMP TABLE t (a int8)")
      async let first = connection.query("SELECT pg_sleep(0.2)")
      let second = Task { try await connection.query("INSERT INTO t VALUES (1)") }
      second.cancel()
      let error = await #expect(throws: DatabaseError.self) { try await second.value }
      #expect(error?.kind == .cancelled)
      _ = try await first
      #expect(try await connection.query("SELECT count(*) FROM t")[0, 0].decode(Int.self) == 0)
    }
  }

  @Test("a cancel that comes about when its statement ends hits no later statement")
  func late() async throws {
    try await withConnection { connection in
      for round in 0..<150 {
        let first = connection.submit([.query("SELECT pg_sleep(0.001)")]) { _ in }
        let (outcome, finish) = AsyncStream<Bool>.makeStream()
        connection.submit([.query("SELECT pg_sleep(0.003)")]) { outcomes in
          finish.yield((try? outcomes[0].get()) != nil)
        }
        // Somewhere around the end of the first; nothing depends on where.
        let moment = ContinuousClock.now + .microseconds(round * 20)
        while ContinuousClock.now < moment {}
        connection.cancel(first)
        #expect(await outcome.first { _ in true } == true)
      }
    }
  }

  @Test("a deadline cancels the statement and spares the connection")
  func deadline() async throws {
    try await withConnection { connection in
      let error = await #expect(throws: DatabaseError.self) {
        try await connection.query("SELECT pg_sleep(50)", timeout: .milliseconds(100))
      }
      #expect(error?.kind == .timeout && error?.isConnectionLost == false)
      #expect(error?.sql == "SELECT pg_sleep(50)")
      try await connection.query("SELECT 1")
    }
  }

  @Test("a pipeline in its deadline keeps what was done and sends no more")
  func pipeline() async throws {
    try await withConnection { connection in
      let requests: [PipelineRequest] = [
        .query("SELECT 1"), .sync, .query("SELECT pg_sleep(50)"), .query("SELECT 3"),
      ]
      let outcomes = try await connection.pipeline(requests, timeout: .milliseconds(100))
      let kinds = outcomes.map { outcome -> DatabaseError.Kind? in
        if case .failure(let error) = outcome { error.kind } else { nil }
      }
      #expect(kinds == [nil, .timeout, .pipelineAborted])
      try await connection.query("SELECT 1")
    }
  }

  @Test("using a closed connection is an error that says so")
  func closed() async throws {
    try await withConnection { connection in
      let sleep = Task { try await connection.query("SELECT pg_sleep(50)", timeout: .seconds(55)) }
      await connection.close()
      await #expect(throws: DatabaseError.self) { try await sleep.value }
      #expect(!connection.isOpen)
      let error = await #expect(throws: DatabaseError.self) {
        try await connection.query("SELECT 1")
      }
      #expect(error?.kind == .closed)
      await #expect(throws: DatabaseError.self) {
        try await connection.copyIn("COPY t FROM STDIN", [[65]])
      }
    }
  }
}
