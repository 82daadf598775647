import Foundation
import JobQueue
import JobWorker
import LibpqClient

/// What each job passes through on its way from the server's answer to the handler, each piece to be
/// called by itself. Only the micro-benchmarks under Benchmarks/ use this.
public struct HotPieces: Sendable {
  static let json = #"{"n": 123456, "to": "unit@example.vn"}"#
  static let metaJSON = #"{"tags": ["a", "b"], "expires_at": "2030-01-01T00:00:00.000Z"}"#

  private let reader = PayloadReader(Parcel.self, version: 1)
  private let payload = Data(HotPieces.json.utf8)
  private let meta = Data(HotPieces.metaJSON.utf8)
  private let rows: QueryResult
  private let backoff = RetryBackoff.exponential()

  public init() { rows = Self.claim(jobs: 1000) }

  /// A payload of two fields, from the bytes of the answer to the handler's type.
  public func decodePayload() throws -> Int64 {
    try reader.read(payload, queue: "default").n
  }

  /// The same payload, as a producer encodes it.
  public func encodePayload() throws -> Int {
    try PayloadCoding.encode(Parcel(n: 123_456, to: "unit@example.vn")).utf8.count
  }

  /// The meta of a job with tags and an expiry.
  public func decodeMeta() throws -> Int {
    try PayloadCoding.decode(JobMeta.self, from: meta).tags?.count ?? 0
  }

  /// The wait before the fifth attempt.
  public func retryDelay(_ generator: inout SystemRandomNumberGenerator) -> Duration {
    backoff.delay(afterAttempt: 4, using: &generator)
  }

  /// The integers of a claimed row, as the worker reads them.
  public func readRow(_ row: Int) -> Int64 {
    let row = row % rows.count
    var sum: Int64 = 0
    for column in [0, 1, 2, 3, 6] { sum &+= rows.integer(row: row, column: column) ?? 0 }
    return sum
  }

  /// The same by the calls that are open to everybody.
  public func decodeRow(_ row: Int) throws -> Int64 {
    let row = rows[row % rows.count]
    let lane = Int64(try row[0].decode(Int32?.self) ?? 0)
    let attempt = Int64(try row[2].decode(Int16?.self) ?? 1)
    let crashes = Int64(try row[3].decode(Int16?.self) ?? 0)
    return try lane &+ row[1].decode(Int64.self) &+ attempt &+ crashes
  }
}

/// The slots of a worker, without a server.
public struct Slots: Sendable {
  /// What the handler gets, which does nothing.
  public enum Handling: String, Sendable, CaseIterable {
    case raw
    case typed
    /// Typed as well, all jobs of a claim in one call.
    case batched
  }

  private let harness: SlotHarness
  private let rows: QueryResult

  /// - Parameters:
  ///   - count: jobs that run at a time.
  ///   - jobs: of each claim.
  public init(count: Int, _ handling: Handling, jobs: Int = 1000) {
    var registry = JobRegistry()
    switch handling {
    case .raw: registry.registerRaw(kind: Parcel.kind) { _, _ in }
    case .typed: registry.register(Parcel.self) { _, _ in }
    case .batched:
      registry.registerBatch(Parcel.self, upTo: jobs, within: .zero) { $0.allSucceeded() }
    }
    harness = SlotHarness(registry, slots: count)
    rows = HotPieces.claim(jobs: jobs)
  }

  /// Runs the jobs of one claim.
  public func runClaim() async { await harness.run(rows) }
}

struct Parcel: JobPayload {
  static let kind = "bench.parcel"
  var n: Int64
  var to: String
}

extension HotPieces {
  static func claim(jobs: Int) -> QueryResult {
    SlotHarness.answer(jobs: jobs, kind: Parcel.kind, json: json)
  }
}
