import Glibc
public import LibpqClient

/// How a run measures. Every field has a default; `Benchmark.run` checks all of them once.
public struct BenchmarkSettings: Sendable {
  /// How a job's payload reaches the handler.
  public enum Payload: String, CaseIterable, Sendable {
    /// Decoded into a Codable type of two fields.
    case typed
    /// As it is stored, not decoded.
    case raw
  }

  /// Jobs of each drain, and of each COPY. 1…100,000,000. Default: 200,000.
  public var jobs = 200_000
  /// Most jobs of one claim, for all systems that are compared. 1…10,000. Default: 1000.
  public var batch = 1000
  /// Jobs that run at a time in a worker. 1…10,000. Default: 16.
  public var slots = 16
  /// Workers, all in this process, each with connections of its own. 1…1024. Default: 1.
  public var workers = 1
  /// Processes of `drain` that hold `workers` workers each. 0…256. Default: 0, the workers are in this
  /// process.
  public var processes = 0
  /// Producers of `sustained`, each with a connection of its own: while one waits for the disk the next one
  /// sends. 1…64. Default: 2.
  public var producers = 2
  /// What such a process runs: a program that calls `BenchmarkWorkers.serve`, with its arguments. Default:
  /// this one, as the command `ong`.
  public var workerProgram = ["/proc/\(getpid())/exe", "bench-worker"]
  /// A pooler in transaction mode before the same server, through which the workers claim and settle.
  /// Default nil: they connect to the server.
  public var pooler: ConnectionConfiguration?
  public var payload = Payload.typed
  /// Size of a payload's JSON, 32…1,000,000. Default: 40.
  public var payloadBytes = 40
  /// One call of a handler for up to `batch` jobs.
  public var batchHandler = false
  /// How often each system is measured, in turns; the median counts. 1…99. Default: 3.
  public var rounds = 3
  /// Length of what is measured by time, 0.1…86,400. Default: nil, as the run says in its conditions.
  public var seconds: Double?
  /// Offered jobs a second of `sustained` (default: a quarter of what the bare drain does) and
  /// `latency` (default: 50). 1…10,000,000.
  public var rate: Int?
  /// Waiting jobs behind those that `backlog` measures. Default: one and ten million.
  public var backlog = [1_000_000, 10_000_000]
  /// Deferred jobs beside those that `backlog` measures, 0: none. Default: ten million.
  public var deferred = 10_000_000
  /// How many queues the jobs of `queues` are spread over, 1…10,000 each. Default: 100 and 10,000.
  public var queues = [100, 10_000]
  /// Keys of the FIFO queue of `limits`. 1…1,000,000. Default: 1000.
  public var keys = 1000

  public init() {}

  /// Throws `BenchmarkSettingsError`.
  public func validate() throws {
    try expect("jobs", jobs, in: 1...100_000_000)
    try expect("batch", batch, in: 1...10_000)
    try expect("slots", slots, in: 1...10_000)
    try expect("workers", workers, in: 1...1024)
    try expect("processes", processes, in: 0...256)
    try expect("producers", producers, in: 1...64)
    try expect("payload-bytes", payloadBytes, in: 32...1_000_000)
    try expect("rounds", rounds, in: 1...99)
    try expect("keys", keys, in: 1...1_000_000)
    try expect("deferred", deferred, in: 0...1_000_000_000)
    for size in backlog { try expect("backlog", size, in: 1...1_000_000_000) }
    for count in queues { try expect("queues", count, in: 1...10_000) }
    if let seconds { try expect("seconds", seconds, in: 0.1...86_400) }
    if let rate { try expect("rate", rate, in: 1...10_000_000) }
    if batchHandler, payload == .raw {
      throw BenchmarkSettingsError(
        field: "payload", wanted: "typed for a handler of many jobs", got: "raw")
    }
  }

  private func expect<Number: Comparable>(
    _ field: String, _ value: Number, in range: ClosedRange<Number>
  ) throws {
    if range ~= value { return }
    throw BenchmarkSettingsError(
      field: field, wanted: "\(range.lowerBound) to \(range.upperBound)", got: "\(value)")
  }
}

/// A field of `BenchmarkSettings` that can't be.
public struct BenchmarkSettingsError: Error, Sendable, Hashable, CustomStringConvertible {
  public let field: String
  public let wanted: String
  public let got: String

  public var description: String { "expected \(field) to be \(wanted), got: \(got)" }
}
