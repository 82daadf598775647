import JobQueueTesting
import LibpqClient
import Testing

@Suite("Transactions")
struct TransactionTests {
  private func withTable(_ body: (Connection) async throws -> Void) async throws {
    try await SharedDatabase.use { database in
      let connection = try await database.connect()
      try await connection.execute(script: "CREATE TEMP TABLE t (a int8)")
      try await body(connection)
    }
  }

  private func count(_ connection: Connection) async throws -> Int {
    try await connection.query("SELECT count(*) FROM t")[0, 0].decode()
  }

  struct Stop: Error {}

  @Test("a body that returns commits, one that throws does not")
  func commitAndRollback() async throws {
    try await withTable { connection in
      try await connection.transaction { _ = try await $0.query("INSERT INTO t VALUES (1)") }
      await #expect(throws: Stop.self) {
        try await connection.transaction { transaction in
          try await transaction.query("INSERT INTO t VALUES (2)")
          throw Stop()
        }
      }
      let rows = try await count(connection)
      #expect(rows == 1)
    }
  }

  @Test("a swallowed error cannot be committed, and that is told")
  func swallowed() async throws {
    try await withTable { connection in
      let error = await #expect(throws: DatabaseError.self) {
        try await connection.transaction { transaction in
          try await transaction.query("INSERT INTO t VALUES (1)")
          _ = try? await transaction.query("SELECT 1 / 0")
        }
      }
      #expect(error?.message.contains("rolled back") == true)
      let rows = try await count(connection)
      #expect(rows == 0)
    }
  }

  @Test("a second transaction on the same connection is a misuse that leaves the first alone")
  func nested() async throws {
    try await withTable { connection in
      try await connection.transaction { transaction in
        try await transaction.query("INSERT INTO t VALUES (1)")
        let error = await #expect(throws: DatabaseError.self) {
          try await transaction.transaction { _ in }
        }
        #expect(error?.kind == .misuse)
      }
      let rows = try await count(connection)
      #expect(rows == 1)
    }
  }

  @Test("a first and a last statement travel with BEGIN and COMMIT")
  func framed() async throws {
    try await withTable { connection in
      let read = try await connection.transaction(
        first: .query("INSERT INTO t VALUES (1) RETURNING a")
      ) { transaction, answer in
        try await transaction.query("INSERT INTO t VALUES (2)")
        return try answer[0, 0].decode(Int.self)
      } last: {
        .query("INSERT INTO t VALUES ($1)", [$0 + 2])
      }
      #expect(read == 1)
      let rows = try await count(connection)
      #expect(rows == 3)
      await #expect(throws: Stop.self) {
        try await connection.transaction(first: .query("DELETE FROM t")) { _, _ in
          throw Stop()
        } last: {
          .query("SELECT 1")
        }
      }
      let kept = try await count(connection)
      #expect(kept == 3)
    }
  }

  @Test("a first statement that fails is told, and the connection stays fit for use")
  func failedFirst() async throws {
    try await withTable { connection in
      let error = await #expect(throws: DatabaseError.self) {
        try await connection.transaction(first: .query("SELECT 1 / 0")) { _, _ in
          Issue.record("the body ran")
        } last: {
          .query("SELECT 1")
        }
      }
      #expect(error?.sqlState == "22012")
      try await connection.transaction { transaction in
        try await transaction.query("INSERT INTO t VALUES (1)")
        let nested = await #expect(throws: DatabaseError.self) {
          try await transaction.transaction(first: .query("SELECT 1")) { _, _ in
          } last: {
            .query("SELECT 1")
          }
        }
        #expect(nested?.kind == .misuse)
      }
      let rows = try await count(connection)
      #expect(rows == 1)
    }
  }

  @Test("a body that commits by itself is a misuse")
  func endedInside() async throws {
    try await withTable { connection in
      let error = await #expect(throws: DatabaseError.self) {
        try await connection.transaction { _ = try await $0.query("COMMIT") }
      }
      #expect(error?.kind == .misuse)
    }
  }

  @Test("a cancelled task rolls back and leaves the connection fit for use")
  func cancelled() async throws {
    try await withTable { connection in
      let task = Task {
        try await connection.transaction { transaction in
          try await transaction.query("INSERT INTO t VALUES (1)")
          try await transaction.query("SELECT pg_sleep(50)", timeout: .seconds(55))
        }
      }
      task.cancel()
      await #expect(throws: (any Error).self) { try await task.value }
      let rows = try await count(connection)
      #expect(rows == 0)
    }
  }

  @Test("isolation levels reach the server")
  func isolation() async throws {
    try await withTable { connection in
      for level in [IsolationLevel.readCommitted, .repeatableRead, .serializable] {
        let shown = try await connection.transaction(isolation: level) {
          try await $0.query("SHOW transaction_isolation")[0, 0].decode(String.self)
        }
        #expect(shown == level.rawValue.lowercased())
      }
    }
  }
}
