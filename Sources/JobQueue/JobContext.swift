public import Foundation
public import Logging

/// What a handler knows about the run that it is part of.
public struct JobContext: Sendable {
  /// The job's id, unique in the database and the same for each attempt.
  public let id: Int64
  /// 1 for the first attempt.
  public let attempt: Int
  /// How often a worker was lost while it ran this job.
  public let crashes: Int
  /// When the job was enqueued, or put back into the log by a retry. Server time.
  public let enqueuedAt: Date
  private let run: JobRun
  private let boxed: BoxedMeta?
  /// Nil where no worker runs the job, as in a unit test of its handler.
  let services: (any AttemptServices)?

  package init(
    id: Int64, attempt: Int, crashes: Int, enqueuedAt: Date, run: JobRun, meta: JobMeta? = nil,
    services: (any AttemptServices)? = nil
  ) {
    self.id = id
    self.attempt = attempt
    self.crashes = crashes
    self.enqueuedAt = enqueuedAt
    self.run = run
    boxed = meta.map(BoxedMeta.init)
    self.services = services
  }

  private var meta: JobMeta? { boxed?.meta }

  public var kind: String { run.kind }
  public var queue: String { run.queue }
  /// The attempt after which a failure makes the job a dead letter.
  public var maxAttempts: Int { run.maxAttempts }
  public var isLastAttempt: Bool { attempt >= run.maxAttempts }

  /// What the job was enqueued with, empty where nothing was.
  public var tags: [String] { meta?.tags ?? [] }
  /// No attempt starts after this; this one may run on. Nil: never expires.
  public var expiresAt: Date? { meta?.expiresAt }
  /// The trace that the job was enqueued in: pass it on, or open a span under it.
  public var trace: TraceContext? { meta?.traceparent.flatMap(TraceContext.init) }

  /// The workflow whose step this job is; nil for other jobs and for members of a batch.
  public var workflow: Int64? { meta?.workflow }
  /// The name of the step; `JobQueue.inputs(of: id)` has what it waited for.
  public var step: String? { meta?.step }

  /// The worker's logger with the job's queue, kind, id, attempt and the worker's epoch, and
  /// the trace's id where there is one.
  public var logger: Logger {
    var logger = run.logger()
    logger[metadataKey: "job"] = "\(id)"
    logger[metadataKey: "attempt"] = "\(attempt)"
    if let trace { logger[metadataKey: "trace"] = "\(trace.traceID)" }
    return logger
  }

  /// True once the attempt should end: its timeout has passed, an operator cancelled the job, the
  /// worker shuts down or was declared dead. Async handlers see the same through
  /// `Task.isCancelled`; blocking ones should look here from time to time.
  public var isCancelled: Bool { run.isCancelled(id) || Task.isCancelled }

  /// Throws `CancellationError` once `isCancelled`.
  public func checkCancellation() throws {
    if isCancelled { throw CancellationError() }
  }
}

/// Few jobs have it, and each context is copied several times.
private final class BoxedMeta: Sendable {
  let meta: JobMeta

  init(_ meta: JobMeta) { self.meta = meta }
}

/// The part of a context that all jobs of a kind share in one slot of a worker.
package final class JobRun: Sendable {
  package let kind: String
  package let queue: String
  package let maxAttempts: Int
  package let logger: @Sendable () -> Logger
  package let isCancelled: @Sendable (_ id: Int64) -> Bool

  package init(
    kind: String, queue: String, maxAttempts: Int, logger: @escaping @Sendable () -> Logger,
    isCancelled: @escaping @Sendable (_ id: Int64) -> Bool
  ) {
    self.kind = kind
    self.queue = queue
    self.maxAttempts = maxAttempts
    self.logger = logger
    self.isCancelled = isCancelled
  }
}
