import Dispatch
import JobQueueTesting
import Testing

@testable import LibpqClient

@Suite("A pipeline's course, without a network")
struct PipelineExchangeTests {
  private func queries(_ texts: String...) throws -> [EncodedRequest] {
    try texts.map { $0 == ";" ? .sync : .query(try EncodedQuery(sql: $0, parameters: [])) }
  }

  private func actions(
    _ exchange: inout PipelineExchange, _ cache: inout StatementCache
  ) -> [PipelineExchange.Action] {
    var all: [PipelineExchange.Action] = []
    while let action = exchange.nextAction(&cache) { all.append(action) }
    return all
  }

  @Test("each statement is prepared before its first use, and the end is a sync")
  func order() throws {
    var cache = StatementCache(capacity: 8)
    var exchange = PipelineExchange(try queries("a", "a", "b"))
    #expect(
      actions(&exchange, &cache) == [
        .prepare(name: "ong_1", request: 0), .execute(name: "ong_1", request: 0),
        .execute(name: "ong_1", request: 1), .prepare(name: "ong_2", request: 2),
        .execute(name: "ong_2", request: 2), .sync,
      ])
    #expect(exchange.isAllSent && !exchange.isFinished)
  }

  @Test("empty segments send nothing")
  func emptySegments() throws {
    var cache = StatementCache(capacity: 8)
    var exchange = PipelineExchange(try queries(";", ";"))
    #expect(actions(&exchange, &cache) == [])
    #expect(exchange.isFinished)
  }

  @Test("stopping in the middle still ends with a sync")
  func stop() throws {
    var cache = StatementCache(capacity: 8)
    var exchange = PipelineExchange(try queries("a", "b", "c"))
    _ = exchange.nextAction(&cache)
    exchange.stopFeeding()
    #expect(actions(&exchange, &cache) == [.execute(name: "ong_1", request: 0), .sync])
    #expect(exchange.isAllSent)
  }

  @Test("a failed preparation fails its statement and is forgotten")
  func failedPreparation() throws {
    var cache = StatementCache(capacity: 8)
    var exchange = PipelineExchange(try queries("a", "b"))
    _ = actions(&exchange, &cache)
    let failure = DatabaseError(.server, "syntax")
    let events: [PipelineExchange.Event] = [
      .failure(failure), .endOfQuery, .skipped, .endOfQuery, .skipped, .endOfQuery, .skipped,
      .endOfQuery, .sync,
    ]
    for event in events { try exchange.receive(event, &cache) }
    #expect(exchange.isFinished)
    let errors = exchange.outcomes(missing: .endedByServer).map { outcome -> String in
      if case .failure(let error) = outcome { error.message } else { "none" }
    }
    #expect(errors[0] == "syntax")
    #expect(errors[1].contains("skipped"))
    #expect(cache.count == 0)
  }

  @Test("an answer that nobody asked for is a protocol violation")
  func unexpected() throws {
    var cache = StatementCache(capacity: 8)
    var exchange = PipelineExchange(try queries("a"))
    #expect(throws: DatabaseError.self) { try exchange.receive(.sync, &cache) }
    _ = actions(&exchange, &cache)
    #expect(throws: DatabaseError.self) { try exchange.receive(.sync, &cache) }
  }
}

@Suite("Pipelines on the server")
struct PipelineTests {
  private func withTable(_ body: (Connection) async throws -> Void) async throws {
    try await SharedDatabase.use { database in
      let connection = try await database.connect()
      try await connection.execute(script: "CREATE TEMP TABLE t (a int8 PRIMARY KEY, b text)")
      try await body(connection)
    }
  }

  private func count(_ connection: Connection) async throws -> Int {
    try await connection.query("SELECT count(*) FROM t")[0, 0].decode()
  }

  private func kinds(_ outcomes: [Result<QueryResult, DatabaseError>]) -> [DatabaseError.Kind?] {
    outcomes.map { if case .failure(let error) = $0 { error.kind } else { nil } }
  }

  @Test("an error in the middle undoes its segment and spares the others")
  func errorInTheMiddle() async throws {
    try await withTable { connection in
      let insert = "INSERT INTO t VALUES ($1)"
      let outcomes = try await connection.pipeline([
        .query(insert, [1]), .sync,
        .query(insert, [2]), .query(insert, [1]), .query(insert, [3]), .sync,
        .query(insert, [4]), .query("SELECT count(*) FROM t"),
      ])
      #expect(
        kinds(outcomes) == [nil, .pipelineAborted, .server, .pipelineAborted, nil, nil])
      #expect(try outcomes[5].get()[0, 0].decode(Int.self) == 2)
      #expect(try await count(connection) == 2)
      guard case .failure(let error) = outcomes[2] else { return }
      #expect(error.sqlState == "23505" && error.constraint == "t_pkey" && error.sql == insert)
    }
  }

  @Test("a constraint that fails at the commit fails every statement of its segment")
  func failureAtCommit() async throws {
    try await withTable { connection in
      try await connection.execute(
        script: "CREATE TEMP TABLE u (a int8 REFERENCES t DEFERRABLE INITIALLY DEFERRED)")
      let outcomes = try await connection.pipeline([
        .query("INSERT INTO t VALUES (1)"), .query("INSERT INTO u VALUES (9)"), .sync,
        .query("SELECT count(*) FROM t"),
      ])
      #expect(kinds(outcomes) == [.server, .server, nil])
      #expect(try outcomes[2].get()[0, 0].decode(Int.self) == 0)
      // The connection is still in step with the server.
      #expect(try await count(connection) == 0)
    }
  }

  @Test("a single statement that fails at its commit is an error")
  func singleFailureAtCommit() async throws {
    try await withTable { connection in
      try await connection.execute(
        script: "CREATE TEMP TABLE u (a int8 REFERENCES t DEFERRABLE INITIALLY DEFERRED)")
      let error = await #expect(throws: DatabaseError.self) {
        try await connection.query("INSERT INTO u VALUES (9)")
      }
      #expect(error?.sqlState == "23503")
      #expect(try await count(connection) == 0)
    }
  }

  @Test("a syntax error in the middle leaves the rest of its segment unprepared and unrun")
  func syntaxError() async throws {
    try await withTable { connection in
      let outcomes = try await connection.pipeline([
        .query("SELEC 1"), .query("INSERT INTO t VALUES (1)"), .sync,
        .query("INSERT INTO t VALUES (1)"), .query("INSERT INTO t VALUES (2)"),
      ])
      #expect(kinds(outcomes) == [.server, .pipelineAborted, nil, nil])
      try await connection.query("INSERT INTO t VALUES (3)")
      #expect(try await count(connection) == 3)
    }
  }

  @Test("nothing, and sync points alone, are done at once", .timeLimit(.minutes(3)))
  func nothing() async throws {
    try await withTable { connection in
      #expect(try await connection.pipeline([]).isEmpty)
      #expect(try await connection.pipeline([.sync, .sync]).isEmpty)
      let result = try await connection.query("")
      #expect(result.isEmpty)
    }
  }

  @Test("12 MB each way do not deadlock", .timeLimit(.minutes(3)))
  func large() async throws {
    try await withTable { connection in
      let text = String(repeating: "x", count: 20_000)
      let requests = (0..<600).map {
        PipelineRequest.query("SELECT $1::text, $2::int8", [text, $0])
      }
      let outcomes = try await connection.pipeline(requests, timeout: .seconds(50))
      #expect(outcomes.count == 600)
      for (number, outcome) in outcomes.enumerated() {
        let result = try outcome.get()
        #expect(try result[0, 1].decode(Int.self) == number)
        #expect(result.withUnsafeBytes(row: 0, column: 0) { $0?.count } == 20_000)
      }
    }
  }

  @Test(
    "of a large pipeline only so much is handed to libpq as it can send soon",
    .timeLimit(.minutes(3)))
  func bytesInFlight() async throws {
    try await withTable { connection in
      let holder = try await SharedDatabase.use { try await $0.connect() }
      try await holder.query("select pg_advisory_lock(4711)")
      let text = String(repeating: "x", count: 64 * 1024)
      // The first query keeps the server from reading what follows it.
      let requests =
        [PipelineRequest.query("SELECT pg_advisory_xact_lock(4711)")]
        + (0..<128).map { PipelineRequest.query("SELECT $1::text, $2::int8", [text, $0]) }
      async let outcomes = connection.pipeline(requests, timeout: .seconds(50))
      while try await !holder.query(
        "select exists (select from pg_locks where locktype = 'advisory' and not granted and objid = 4711)"
      )[0, 0].decode(Bool.self) {}
      let unsent = await connection.unsentRequests()
      // 8 MiB are to be sent: 256 KiB may lie in libpq, one request beyond it, and what the socket takes.
      #expect(unsent > 64 && unsent < 128, "\(unsent)")
      try await holder.query("select pg_advisory_unlock(4711)")
      for outcome in try await outcomes { _ = try outcome.get() }
      await holder.close()
    }
  }

  @Test("operations of many tasks on one connection run in turn")
  func concurrentUse() async throws {
    try await withTable { connection in
      try await withThrowingTaskGroup(of: Void.self) { group in
        for number in 0..<200 {
          group.addTask {
            let result = try await connection.query("SELECT $1::int8", [number])
            #expect(try result[0, 0].decode(Int.self) == number)
          }
        }
        try await group.waitForAll()
      }
    }
  }

  @Test("the callback form answers on a parameter that cannot be sent")
  func callback() async throws {
    try await withTable { connection in
      let kinds = await withCheckedContinuation { continuation in
        connection.submit([.query("SELECT $1", ["a\0b"]), .sync, .query("SELECT 1")]) { outcomes in
          continuation.resume(returning: self.kinds(outcomes))
        }
      }
      #expect(kinds == [.invalidParameter, .invalidParameter])
    }
  }

  @Test("COPY is refused before it can harm the connection")
  func copyIsRefused() async throws {
    try await withTable { connection in
      for sql in ["COPY t FROM STDIN", " \n copy(SELECT 1) TO STDOUT"] {
        let error = await #expect(throws: DatabaseError.self) { try await connection.query(sql) }
        #expect(error?.kind == .misuse)
        await #expect(throws: DatabaseError.self) { try await connection.execute(script: sql) }
        await #expect(throws: DatabaseError.self) {
          _ = try await connection.pipeline([.query(sql)])
        }
      }
      let rows = try await count(connection)
      #expect(rows == 0)
    }
  }
}

extension Connection {
  /// How many statements of the running pipeline were not yet handed to libpq.
  fileprivate func unsentRequests() async -> Int {
    await withCheckedContinuation { waiter in
      core.queue.async { [core] in
        guard case .pipeline(var exchange) = core.running?.work else {
          return waiter.resume(returning: 0)
        }
        var statements = core.statements
        var count = 0
        while let action = exchange.nextAction(&statements) {
          switch action {
          case .execute, .executeUnnamed: count += 1
          case .prepare, .sync: break
          }
        }
        waiter.resume(returning: count)
      }
    }
  }
}
