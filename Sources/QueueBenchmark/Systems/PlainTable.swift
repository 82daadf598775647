import LibpqClient

/// The yardstick of enqueueing: the same row in a table with one index, by bare statements.
struct PlainTable: Sendable {
  private let payloads: NoOp.Factory

  static func make(in stage: Stage) async throws -> PlainTable {
    let schema = stage.scratch.name
    try await stage.connection.execute(
      script: """
        create table plain_row (like \(schema).job including defaults);
        create index plain_row_position on plain_row (lane, xid, id);
        """)
    return PlainTable(payloads: NoOp.Factory(size: stage.settings.payloadBytes))
  }

  private func insert(_ number: Int64, on connection: Connection) async throws {
    try await connection.query(
      "insert into plain_row (segment, lane, kind, payload) values (0, 6, $1, $2::json)",
      [NoOp.kind, payloads.json(number)])
  }

  func oneByOne(_ run: EnqueueRun, _ connection: Connection) async throws -> Measurement {
    try await run.calls { number in
      try await insert(number, on: connection)
      return 1
    }
  }

  func inTransactions(_ run: EnqueueRun, _ connection: Connection) async throws -> Measurement {
    try await run.calls { number in
      try await connection.transaction { connection in
        for place in 0..<100 { try await insert(number + Int64(place), on: connection) }
      }
      return 100
    }
  }

  func copied(_ run: EnqueueRun, _ connection: Connection) async throws -> Measurement {
    try await run.pieces { piece in
      try await connection.copyIn(
        "copy plain_row (segment, lane, kind, payload) from stdin (format binary)",
        BinaryCopy(columns: 4, rows: piece) {
          [Int32(0), Int32(6), NoOp.kind, payloads.json(Int64($0))]
        })
    }
  }
}
