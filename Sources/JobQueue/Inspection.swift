public import Foundation

/// One queue as `ong queues ls` shows it.
public struct QueueStatus: Sendable, Hashable, Codable {
  public var name: String
  /// Since when no job of the queue is claimed; enqueueing goes on. Nil: not paused.
  public var pausedAt: Date?
  /// Jobs in the log that nobody has claimed, counted up to 100,001 a band.
  public var waiting: Int
  /// True when there are more than were counted.
  public var isWaitingCapped: Bool
  /// Jobs claimed and not settled.
  public var running: Int
  public var scheduled: Int
  public var retrying: Int
  public var snoozed: Int
  public var parked: Int
  public var dead: Int
  /// When the oldest waiting job was enqueued; nil if none waits.
  public var oldestWaiting: Date?
  /// Living workers that serve the queue.
  public var workers: Int
  /// What may wait in the queue; nil: as much as comes.
  public var backpressure: QueueBackpressure?

  public var isPaused: Bool { pausedAt != nil }
}

/// The limits beyond which a queue takes no more jobs, and how it stands.
public struct QueueBackpressure: Sendable, Hashable, Codable {
  /// Most jobs in the log that nobody has claimed.
  public var maxWaiting: Int?
  /// How long the oldest of them may have waited, in seconds.
  public var maxAgeSeconds: Double?
  /// The next enqueue is refused, or waits where its producer asks for that.
  public var isFull: Bool
}

/// One living worker process as `ong workers ls` shows it.
public struct WorkerStatus: Sendable, Hashable, Codable {
  /// This life of the process; a restarted worker has another.
  public var epoch: UUID
  public var host: String
  public var processID: Int
  public var version: String
  public var slots: Int
  /// Slots that were running a job at the last heartbeat.
  public var busy: Int
  public var queues: [String]
  /// The kinds of job that it can run.
  public var kinds: [String]
  public var startedAt: Date
  public var lastHeartbeat: Date
  /// Asked to finish what it runs and claim nothing more.
  public var isDraining: Bool
  /// Its claiming connection is there. Without it the worker is declared dead after 5 s.
  public var isConnected: Bool
  /// Handlers that hang past their timeout and were left behind.
  public var leaked: Int
}

/// One job in a list.
public struct JobSummary: Sendable, Hashable, Codable {
  public var id: Int64
  public var queue: String
  public var kind: String
  public var priority: JobPriority
  public var state: JobState
  public var attempt: Int
  public var crashes: Int
  public var enqueuedAt: Date
  /// When a scheduled, retrying or snoozed job becomes claimable.
  public var runAt: Date?
  /// The last error, shortened.
  public var error: String?
}

/// One dead letter.
public struct DeadJob: Sendable, Hashable, Codable {
  public var id: Int64
  public var queue: String
  public var kind: String
  public var priority: JobPriority
  public var attempt: Int
  public var crashes: Int
  public var enqueuedAt: Date
  public var diedAt: Date
  /// Why: the last attempt's error.
  public var error: String?
  /// The payload's JSON.
  public var payload: String
}

/// Which jobs `JobQueue.jobs(_:)` lists, newest first.
public struct JobFilter: Sendable, Hashable {
  public var queue: String?
  public var state: JobState?
  public var kind: String?
  /// Only jobs with a smaller id: the last id of one page gives the next page.
  public var before: Int64?
  /// Most jobs to return, 1…1000. Default: 50.
  public var limit: Int

  public init(
    queue: String? = nil, state: JobState? = nil, kind: String? = nil, before: Int64? = nil,
    limit: Int = 50
  ) {
    self.queue = queue
    self.state = state
    self.kind = kind
    self.before = before
    self.limit = limit
  }
}
