import JobQueueTesting
import Testing

@testable import LibpqClient

@Suite("The cache of prepared statements, as a decision")
struct StatementCacheTests {
  private func key(_ sql: String) -> StatementCache.Key { .init(sql: sql, types: []) }

  @Test("a statement is prepared once and then known")
  func once() {
    var cache = StatementCache(capacity: 4)
    #expect(cache.use(key("a"), segment: 0) == .prepare("ong_1"))
    cache.confirm(key("a"))
    #expect(cache.use(key("a"), segment: 7) == .prepared("ong_1"))
  }

  @Test("one that is being prepared is trusted in its own segment only")
  func pending() {
    var cache = StatementCache(capacity: 4)
    _ = cache.use(key("a"), segment: 0)
    #expect(cache.use(key("a"), segment: 0) == .prepared("ong_1"))
    #expect(cache.use(key("a"), segment: 1) == .unnamed)
  }

  @Test("parameter types are part of a statement")
  func types() {
    var cache = StatementCache(capacity: 4)
    _ = cache.use(.init(sql: "a", types: [20]), segment: 0)
    #expect(cache.use(.init(sql: "a", types: [25]), segment: 0) == .prepare("ong_2"))
  }

  @Test("the one used longest ago falls out and is to be deallocated")
  func eviction() {
    var cache = StatementCache(capacity: 2)
    for sql in ["a", "b", "a", "c"] {
      _ = cache.use(key(sql), segment: 0)
      cache.confirm(key(sql))
    }
    #expect(cache.takeEvicted() == ["ong_2"])
    #expect(cache.use(key("a"), segment: 0) == .prepared("ong_1"))
    #expect(cache.count == 2)
  }
}

@Suite("Prepared statements on the server")
struct PreparedStatementTests {
  private func withConnection(_ body: (Connection) async throws -> Void) async throws {
    try await SharedDatabase.use { try await body($0.connect()) }
  }

  private func preparedCount(_ connection: Connection) async throws -> Int {
    try await connection.query(
      "SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE 'SELECT ''mark''%'")[0, 0]
      .decode()
  }

  @Test("the same SQL is prepared once")
  func reuse() async throws {
    try await withConnection { connection in
      for number in 0..<5 { try await connection.query("SELECT 'mark', $1::int8", [number]) }
      #expect(try await preparedCount(connection) == 1)
    }
  }

  @Test("more statements than the cache holds do not pile up on the server")
  func bounded() async throws {
    try await withConnection { connection in
      for number in 0..<400 { try await connection.query("SELECT 'mark', \(number)") }
      #expect(try await preparedCount(connection) <= 256 + 16)
      #expect(try await preparedCount(connection) >= 240)
    }
  }

  @Test("a statement that somebody deallocated is prepared again")
  func deallocated() async throws {
    try await withConnection { connection in
      try await connection.query("SELECT 'mark', $1::int8", [1])
      try await connection.execute(script: "DEALLOCATE ALL")
      let result = try await connection.query("SELECT 'mark', $1::int8", [2])
      #expect(try result[0, 1].decode(Int64.self) == 2)
      #expect(try await preparedCount(connection) == 1)
    }
  }

  @Test("a changed table does not break the statements that read it")
  func changedTable() async throws {
    try await withConnection { connection in
      try await connection.execute(script: "CREATE TEMP TABLE t (a int8); INSERT INTO t VALUES (1)")
      #expect(try await connection.query("SELECT * FROM t").columnCount == 1)
      try await connection.execute(script: "ALTER TABLE t ADD b text DEFAULT 'x'")
      #expect(try await connection.query("SELECT * FROM t").columnCount == 2)
    }
  }

  @Test("inside a transaction a changed table is an error, and the next transaction works")
  func changedTableInTransaction() async throws {
    try await withConnection { connection in
      try await connection.execute(script: "CREATE TEMP TABLE t (a int8)")
      try await connection.query("SELECT * FROM t")
      try await connection.execute(script: "ALTER TABLE t ADD b text")
      let error = await #expect(throws: DatabaseError.self) {
        try await connection.transaction { _ = try await $0.query("SELECT * FROM t") }
      }
      #expect(error?.sqlState == "0A000")
      let result = try await connection.transaction { try await $0.query("SELECT * FROM t") }
      #expect(result.columnCount == 2)
    }
  }

  @Test("a statement whose preparation failed in an aborted transaction works afterwards")
  func failedPreparation() async throws {
    try await withConnection { connection in
      try? await connection.transaction { transaction in
        _ = try? await transaction.query("SELECT 1 / 0")
        let error = await #expect(throws: DatabaseError.self) {
          try await transaction.query("SELECT 'mark'")
        }
        #expect(error?.sqlState == "25P02")
      }
      let result = try await connection.query("SELECT 'mark'")
      #expect(result.count == 1)
    }
  }

  @Test("a statement prepared in a transaction that rolled back stays usable")
  func rolledBack() async throws {
    try await withConnection { connection in
      struct Stop: Error {}
      await #expect(throws: Stop.self) {
        try await connection.transaction { transaction in
          _ = try await transaction.query("SELECT 'mark'")
          throw Stop()
        }
      }
      try await connection.query("SELECT 'mark'")
      #expect(try await preparedCount(connection) == 1)
    }
  }
}
