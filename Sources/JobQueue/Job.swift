/// The data of one kind of job: what a producer writes and a handler reads.
///
/// The payload is stored as JSON, so any language can enqueue it. Dates are ISO 8601
/// strings, `Data` is Base64.
public protocol JobPayload: Codable, Sendable {
  /// The stable name of this kind in the database, such as `report.render`. Renaming it orphans
  /// the jobs that wait under the old name.
  static var kind: String { get }
  /// The version of the payload's layout, stored in the kind (`report.render@2`; version 1 has no
  /// suffix). Raise it with a change that makes old payloads unreadable, and add the upcaster.
  /// Default: 1.
  static var version: Int { get }
  /// How a payload of version n becomes one of version n + 1, by n. Jobs of the versions from which
  /// upcasters lead to `version` without a gap are run; others are parked. Default: none.
  static var upcasters: [Int: PayloadUpcaster] { get }
  /// Whether payloads of this kind are encrypted before they reach the database. Needs the `cipher`
  /// of `JobQueue` and `JobRegistry`. Payloads that were stored before are still read. Default: false.
  static var isEncrypted: Bool { get }
  /// Keeps equal jobs of this kind from piling up. Default: nil, they may.
  var uniqueness: JobUniqueness? { get }
  /// Queue, priority, attempts, timeout and backoff of this kind. Default: `JobOptions()`.
  static var options: JobOptions { get }
  /// Where the handler runs. Default: `.async`.
  static var execution: JobExecution { get }
}

extension JobPayload {
  public static var version: Int { 1 }
  public static var upcasters: [Int: PayloadUpcaster] { [:] }
  public static var isEncrypted: Bool { false }
  public var uniqueness: JobUniqueness? { nil }
  public static var options: JobOptions { JobOptions() }
  public static var execution: JobExecution { .async }
}

/// A payload that carries its own handler. Register it in a `JobRegistry` of JobWorker.
///
/// Jobs run *at least once*: a handler may be called again after a crash, so its effect has to be
/// idempotent.
public protocol Job: JobPayload {
  /// What the handler returns: nothing, or a `Codable` value of at most 1 MiB as JSON, which is kept
  /// for whoever asks `JobQueue.result`.
  associatedtype Output: Sendable = Void

  /// Does the work. Returning settles the job as succeeded; throwing has it retried with backoff
  /// until `JobOptions.maxAttempts` is reached, then kept as dead letter with the error's text.
  /// Throw a `JobControl` to decide otherwise.
  func run(in context: JobContext) async throws -> Output
}

/// How a handler uses its thread.
public enum JobExecution: Sendable, Hashable, CaseIterable {
  /// The handler awaits rather than blocks. All such handlers of a worker share one Dispatch-backed
  /// executor of about one thread a core.
  case async
  /// The handler computes for long or calls blocking functions. Each slot that runs such a
  /// handler has a thread of its own, so nothing else is starved.
  case blocking
}
