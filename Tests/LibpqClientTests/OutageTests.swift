import JobQueueTesting
import LibpqClient
import PrivatePostgres
import Testing

@Suite("A server that goes away", .timeLimit(.minutes(3)))
struct OutageTests {
  private func withCluster(_ body: (TestCluster) async throws -> Void) async throws {
    let cluster = try await TestCluster.start()
    do {
      try await body(cluster)
    } catch {
      try? await cluster.stop()
      throw error
    }
    try await cluster.stop()
  }

  @Test("a restart in the middle of a statement is an error, and the pool heals")
  func restart() async throws {
    try await withCluster { cluster in
      let server = cluster.server
      let pool = ConnectionPool(server.configuration(), size: 4)
      let running = Task {
        try await pool.withConnection { connection in
          try await connection.query("SELECT pg_sleep(50)", timeout: .seconds(55))
        }
      }
      let active =
        "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(50)' AND state = 'active'"
      while try await pool.query(active)[0, 0].decode(Int.self) == 0 {}
      try await server.restart()
      let error = await #expect(throws: DatabaseError.self) { try await running.value }
      #expect(error?.isConnectionLost == true && error?.sqlState == "57P01")
      let result = try await pool.query("SELECT 1")
      #expect(result.count == 1)
      await pool.close()
    }
  }

  @Test("an idle connection learns of the end at once, and its listeners with it")
  func idle() async throws {
    try await withCluster { cluster in
      let connection = try await Connection.open(cluster.server.configuration())
      let messages = try await connection.listen("a")
      try await cluster.server.pause()
      for await _ in messages { Issue.record("nothing was sent") }
      #expect(!connection.isOpen)
      let error = await #expect(throws: DatabaseError.self) {
        try await connection.query("SELECT 1")
      }
      #expect(error?.sqlState == "57P01")
    }
  }

  @Test("a pool waits for the server to come back, and gives up at its limit with the reason")
  func waits() async throws {
    try await withCluster { cluster in
      let server = cluster.server
      let patient = ConnectionPool(server.configuration(), acquireTimeout: .seconds(50))
      let hasty = ConnectionPool(server.configuration(), acquireTimeout: .milliseconds(300))
      try await patient.query("SELECT 1")
      try await hasty.query("SELECT 1")
      try await server.pause(immediately: true)
      let waiting = Task { try await patient.query("SELECT 1").count }
      let error = await #expect(throws: DatabaseError.self) { try await hasty.query("SELECT 1") }
      #expect(error?.message.contains("no connection within 0.3 seconds") == true)
      #expect(error?.hint?.contains("Is the server running") == true)
      try await server.resume()
      #expect(try await waiting.value == 1)
      await patient.close()
      await hasty.close()
    }
  }

  @Test("a pool whose first connection fails says so at once")
  func firstFailure() async throws {
    let pool = ConnectionPool(
      ConnectionConfiguration("host=/tmp/ong-nowhere"), acquireTimeout: .seconds(50))
    let start = ContinuousClock.now
    let error = await #expect(throws: DatabaseError.self) { try await pool.query("SELECT 1") }
    #expect(error?.kind == .connection)
    #expect(ContinuousClock.now - start < .seconds(20))
    await pool.close()
  }

  @Test("a backend that is terminated takes only its connection along")
  func terminated() async throws {
    try await SharedDatabase.use { database in
      let (victim, other) = (try await database.connect(), try await database.connect())
      try await other.query("SELECT pg_terminate_backend($1)", [Int(victim.backendProcessID)])
      let error = await #expect(throws: DatabaseError.self) {
        while true { try await victim.query("SELECT 1") }
      }
      #expect(error?.isConnectionLost == true)
      try await other.query("SELECT 1")
    }
  }
}

@Suite("Errors of connecting")
struct ConnectErrorTests {
  @Test("a refused connection says where and what to do")
  func refused() async throws {
    let error = await #expect(throws: DatabaseError.self) {
      try await Connection.open(ConnectionConfiguration("host=127.0.0.1 port=1"))
    }
    #expect(error?.kind == .connection && error?.isRetryable == true)
    #expect(error?.message.contains("127.0.0.1") == true)
    #expect(error?.hint == "Is the server running there? Start it, or name another host and port")
  }

  @Test("a missing socket, database and role are told apart")
  func missing() async throws {
    let good = try await TestCluster.shared.server.configuration()
    for (conninfo, hint, isRetryable) in [
      ("host=/tmp/ong-nowhere", "Is the server running there?", true),
      (good.conninfo + " dbname=nowhere", "Create the database", false),
      (good.conninfo + " user=nobody_here", "Create the role", false),
    ] {
      let error = await #expect(throws: DatabaseError.self) {
        try await Connection.open(ConnectionConfiguration(conninfo))
      }
      #expect(error?.hint?.hasPrefix(hint) == true)
      #expect(error?.isRetryable == isRetryable)
    }
  }

  @Test("a connection string that cannot be read is never quoted")
  func secret() async throws {
    for conninfo in [
      "s3cret", "postgresql://user:s3cret@host:x/", "password=s3cret bogus=1",
      "postgres://u:s3cret@h/db?nope=1", "host=a\0b password=s3cret",
    ] {
      let error = await #expect(throws: DatabaseError.self) {
        try await Connection.open(ConnectionConfiguration(conninfo))
      }
      #expect(error?.kind == .connection)
      #expect(error.map { $0.debugDescription.contains("s3cret") } == false)
    }
  }

  @Test("what is shown by default holds no values, what is shown for debugging all")
  func safeDescription() async throws {
    let connection = try await Connection.open(TestCluster.shared.server.configuration())
    try await connection.execute(script: "CREATE TEMP TABLE t (a text PRIMARY KEY)")
    let invalid = await #expect(throws: DatabaseError.self) {
      try await connection.query("SELECT $1::int8", ["s3cret"])
    }
    #expect(invalid?.description.contains("s3cret") == false)
    #expect(invalid?.debugDescription.contains("s3cret") == true)
    try await connection.query("INSERT INTO t VALUES ($1)", ["s3cret"])
    let duplicate = await #expect(throws: DatabaseError.self) {
      try await connection.query("INSERT INTO t VALUES ($1)", ["s3cret"])
    }
    #expect(duplicate?.description.contains("s3cret") == false)
    #expect(duplicate?.description.contains("constraint t_pkey") == true)
    #expect(duplicate?.detail?.contains("s3cret") == true)
    await connection.close()
  }

  @Test("an error in a script names its line")
  func line() async throws {
    let connection = try await Connection.open(TestCluster.shared.server.configuration())
    let error = await #expect(throws: DatabaseError.self) {
      try await connection.execute(script: "SELECT 1;\nSELECT 2;\nSELEC 3;")
    }
    #expect(error?.description.contains("line 3") == true)
    await connection.close()
  }
}
