import JobQueue
import LibpqClient

/// Fills the log by COPY in transactions of 10,000, as `enqueueBulk` does, without its JSON encoder.
struct OngFill: Sendable {
  static let transaction = 10_000

  let stage: Stage

  func callAsFunction(jobs: Int) async throws {
    let payloads = NoOp.Factory(size: stage.settings.payloadBytes)
    for piece in (0..<jobs).pieces(of: Self.transaction) {
      try await stage.connection.transaction { connection in
        let target = try await connection.query(
          "select partition, segment, lane from \(stage.sql("copy_target"))($1)", [NoOp.queue])
        let segment = try target[0, 1].decode(Int32.self)
        let lane = try target[0, 2].decode(Int32.self)
        let partition = try target[0, 0].decode(String.self)
        try await connection.copyIn(
          "copy \(partition) (segment, lane, kind, payload) from stdin (format binary)",
          BinaryCopy(columns: 4, rows: piece) {
            [segment, lane, NoOp.kind, payloads.json(Int64($0))]
          })
      }
    }
  }
}
