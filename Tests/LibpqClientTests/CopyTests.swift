import Foundation
import JobQueueTesting
import LibpqClient
import PrivatePostgres
import Testing

@Suite("COPY in", .timeLimit(.minutes(3)))
struct CopyTests {
  private func withTable(_ body: (Connection) async throws -> Void) async throws {
    try await SharedDatabase.use { database in
      let connection = try await database.connect()
      try await connection.execute(
        script:
          "CREATE TEMP TABLE t (a int8 PRIMARY KEY, b text, c jsonb, d timestamptz, e numeric)")
      try await body(connection)
    }
  }

  private func count(_ connection: Connection) async throws -> Int {
    try await connection.query("SELECT count(*) FROM t")[0, 0].decode()
  }

  @Test("text in chunks that are cut anywhere")
  func text() async throws {
    try await withTable { connection in
      let bytes = Array((1...1000).map { "\($0)\tdòng \($0)\n" }.joined().utf8)
      let chunks = stride(from: 0, to: bytes.count, by: 7).map {
        Array(bytes[$0..<min($0 + 7, bytes.count)])
      }
      let rows = try await connection.copyIn("COPY t (a, b) FROM STDIN", chunks)
      #expect(rows == 1000)
      let result = try await connection.query("SELECT b FROM t WHERE a = 1000")
      #expect(try result[0, 0].decode(String.self) == "dòng 1000")
    }
  }

  @Test("binary rows of many types, from an asynchronous sequence")
  func binary() async throws {
    try await withTable { connection in
      let (chunks, writer) = AsyncStream<[UInt8]>.makeStream()
      var binary = CopyBinaryWriter(columns: 5)
      let moment = Date(timeIntervalSinceReferenceDate: 12.5)
      for number in 0..<5000 {
        try binary.append(row: [
          number, number % 2 == 0 ? "chẵn" : String?.none, JSONText(#"{"n": \#(number)}"#), moment,
          Decimal(number) / 4,
        ])
        if binary.count > 10_000 { writer.yield(binary.takeChunk()) }
      }
      writer.yield(binary.finish())
      writer.finish()
      let rows = try await connection.copyIn("COPY t FROM STDIN (FORMAT binary)", chunks)
      #expect(rows == 5000 && binary.rowCount == 5000)
      let result = try await connection.query("SELECT * FROM t WHERE a = 4999")
      #expect(try result[0, "b"].decode(String?.self) == nil)
      #expect(try result[0, "c"].decode(JSONText.self) == #"{"n": 4999}"#)
      #expect(try result[0, "d"].decode(Date.self) == moment)
      #expect(try result[0, "e"].decode(Decimal.self) == Decimal(string: "1249.75"))
    }
  }

  @Test("a bad row undoes all and is named by the server; the connection goes on")
  func badRow() async throws {
    try await withTable { connection in
      let error = await #expect(throws: DatabaseError.self) {
        try await connection.copyIn("COPY t (a) FROM STDIN", [Array("1\n2\n1\n".utf8)])
      }
      #expect(error?.sqlState == "23505" && error?.constraint == "t_pkey")
      let rows = try await count(connection)
      #expect(rows == 0)
    }
  }

  @Test("a source that throws undoes all, and its own error comes out")
  func throwingSource() async throws {
    try await withTable { connection in
      struct Broken: Error {}
      let source = AsyncThrowingStream<[UInt8], any Error> { continuation in
        continuation.yield(Array("1\n".utf8))
        continuation.finish(throwing: Broken())
      }
      await #expect(throws: Broken.self) {
        try await connection.copyIn("COPY t (a) FROM STDIN", source)
      }
      let rows = try await count(connection)
      #expect(rows == 0)
    }
  }

  @Test("a statement that is no COPY, or a wrong one, is an error; the connection goes on")
  func noCopy() async throws {
    try await withTable { connection in
      for sql in ["SELECT 1", "COPY nowhere FROM STDIN", "COPI"] {
        await #expect(throws: DatabaseError.self) {
          try await connection.copyIn(sql, [Array("1\n".utf8)])
        }
      }
      let rows = try await count(connection)
      #expect(rows == 0)
    }
  }

  @Test("a cancelled task ends its COPY, also while the source is silent")
  func cancelled() async throws {
    try await withTable { connection in
      let (chunks, writer) = AsyncStream<[UInt8]>.makeStream()
      writer.yield(Array("1\n".utf8))
      let task = Task { try await connection.copyIn("COPY t (a) FROM STDIN", chunks) }
      task.cancel()
      let error = await #expect(throws: DatabaseError.self) { try await task.value }
      #expect(error?.kind == .cancelled)
      let rows = try await count(connection)
      #expect(rows == 0)
    }
  }

  @Test("a slow source is no timeout")
  func slowSource() async throws {
    try await withTable { connection in
      let clock = try await Connection.open(TestCluster.shared.server.configuration())
      let (chunks, writer) = AsyncStream<[UInt8]>.makeStream()
      Task {
        try await clock.query("SELECT pg_sleep(0.3)")
        writer.yield(Array("1\n".utf8))
        writer.finish()
      }
      let rows = try await connection.copyIn(
        "COPY t (a) FROM STDIN", chunks, timeout: .milliseconds(100))
      #expect(rows == 1)
    }
  }

  @Test("20 MB are not held in memory but wait for the server")
  func large() async throws {
    try await withTable { connection in
      let line = String(repeating: "x", count: 1000)
      let chunks = (0..<200).lazy.map { block in
        Array((0..<100).map { "\(block * 100 + $0)\t\(line)\n" }.joined().utf8)
      }
      let rows = try await connection.copyIn("COPY t (a, b) FROM STDIN", chunks)
      #expect(rows == 20_000)
    }
  }

  @Test("values that rows share are given once, in the first columns")
  func shared() async throws {
    try await withTable { connection in
      var binary = try CopyBinaryWriter(columns: 3, shared: ["x", Date?.none])
      for number in 0..<3 { try binary.append(row: [number]) }
      #expect(throws: DatabaseError.self) { try binary.append(row: ["x", Date?.none, 3]) }
      let rows = try await connection.copyIn(
        "COPY t (b, d, a) FROM STDIN (FORMAT binary)", [binary.finish()])
      #expect(rows == 3)
      let sum = try await connection.query(
        "SELECT count(*) FROM t WHERE a < 3 AND b = 'x' AND d IS NULL")
      #expect(try sum[0, 0].decode(Int64.self) == 3)
    }
    #expect(throws: DatabaseError.self) { try CopyBinaryWriter(columns: 2, shared: ["a\0"]) }
  }

  @Test("a row with the wrong number of values is refused and not written")
  func wrongRow() throws {
    var writer = CopyBinaryWriter(columns: 2)
    #expect(throws: DatabaseError.self) { try writer.append(row: [1]) }
    #expect(throws: DatabaseError.self) { try writer.append(row: [1, "a\0"]) }
    #expect(writer.rowCount == 0 && writer.count == 19)
  }
}
