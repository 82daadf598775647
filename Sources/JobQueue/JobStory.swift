public import Foundation

/// All that is known of one job: where it is, who took it when, and what happened to it.
public struct JobStory: Sendable, Hashable {
  /// One taking of the job by a worker.
  public struct Claim: Sendable, Hashable {
    public var at: Date
    public var worker: UUID
    public var host: String?
    public var processID: Int?
    public var attempt: Int
    /// When the worker reported a result; nil while the job runs or was rescued.
    public var settledAt: Date?
  }

  /// Something that happened to the job other than being enqueued, claimed or done.
  public struct Event: Sendable, Hashable {
    public var at: Date
    /// Such as `retried`, `snoozed`, `handed_back`, `crashed`, `parked`, `dead`, `cancelled`.
    public var event: String
    public var attempt: Int
    /// The error's text or the reason.
    public var detail: String?
    public var worker: UUID?
    /// Who, when an operator did it.
    public var actor: String?
  }

  /// How far the job has come, as its handler has reported it.
  public struct Progress: Sendable, Hashable, Decodable {
    public var at: Date
    public var attempt: Int
    /// 0…1; nil where the handler can't tell.
    public var fraction: Double?
    public var note: String?
  }

  /// What an attempt has kept for the next one. The value is in `json`.
  public struct Checkpoint: Sendable, Hashable, Decodable {
    public var at: Date
    public var attempt: Int
  }

  /// What made the job.
  public struct FiredBy: Sendable, Hashable, Codable {
    /// The schedule's name.
    public var name: String
    /// The tick that it was fired for; nil: somebody ran the schedule by hand.
    public var tick: Date?

    public init(name: String, tick: Date?) {
      self.name = name
      self.tick = tick
    }
  }

  /// The unique key that the job holds now.
  public struct Uniqueness: Sendable, Hashable {
    /// `waiting`, `settled` or `window`.
    public var scope: String
    /// The end of a window.
    public var heldUntil: Date?
    /// How often a later enqueue has replaced the job.
    public var replaced: Int
  }

  public var id: Int64
  public var state: JobState
  /// Nil when nothing but events is left of the job.
  public var kind: String?
  public var queue: String?
  public var priority: JobPriority?
  public var attempt: Int?
  public var crashes: Int?
  public var enqueuedAt: Date?
  public var runAt: Date?
  public var error: String?
  public var key: String?
  /// The key that the job was enqueued under; see `unique` for whether it still holds it.
  public var uniqueKey: String?
  public var unique: Uniqueness?
  /// The words that the job was enqueued with.
  public var tags: [String]
  /// No attempt starts after this.
  public var expiresAt: Date?
  public var trace: TraceContext?
  /// Of a waiting job: how many of its band, in a keyed queue of its key, are before it,
  /// counted up to 10,000.
  public var waitsBehind: Int?
  /// Other jobs of its key in a keyed queue that run or were begun, at most 100: it waits for them.
  public var keyRunning: [Int64]?
  /// Why its kind is quarantined; nil: it is not.
  public var quarantined: String?
  /// The limits of its queue; nil if it has none.
  public var limits: QueueLimits?
  public var progress: Progress?
  public var checkpoint: Checkpoint?
  /// The schedule that fired the job.
  public var schedule: FiredBy?
  /// The workflow that the job belongs to, if any.
  public var workflow: WorkflowPlace?
  public var claims: [Claim]
  public var events: [Event]
  /// The story as the server told it, with payload and metadata, for `--json`.
  public var json: String
}

extension JobStory {
  init(json: String) throws {
    let told = try PayloadCoding.decode(Told.self, from: Data(json.utf8))
    self.init(
      id: told.id, state: told.state, kind: told.kind, queue: told.queue,
      priority: told.priority, attempt: told.attempt, crashes: told.crashes,
      enqueuedAt: told.enqueuedAt, runAt: told.runAt, error: told.error, key: told.key,
      uniqueKey: told.uniqueKey,
      unique: told.unique.map {
        Uniqueness(scope: $0.scope, heldUntil: $0.heldUntil, replaced: $0.replaced)
      },
      tags: told.meta?.tags ?? [], expiresAt: told.meta?.expiresAt,
      trace: told.meta?.traceparent.flatMap(TraceContext.init), waitsBehind: told.waitsBehind,
      keyRunning: told.keyRunning, quarantined: told.quarantined, limits: told.limits,
      progress: told.progress, checkpoint: told.checkpoint,
      schedule: told.schedule,
      workflow: told.workflow,
      claims: told.claims.map {
        Claim(
          at: $0.at, worker: $0.worker, host: $0.host, processID: $0.pid, attempt: $0.attempt,
          settledAt: $0.settledAt)
      },
      events: told.events.map {
        Event(
          at: $0.at, event: $0.event, attempt: $0.attempt, detail: $0.detail, worker: $0.worker,
          actor: $0.actor)
      },
      json: json)
  }

  /// What the SQL function `job_story` answers.
  private struct Told: Decodable {
    struct Claim: Decodable {
      var at: Date
      var worker: UUID
      var host: String?
      var pid: Int?
      var attempt: Int
      var settledAt: Date?

      enum CodingKeys: String, CodingKey {
        case at, worker, host, pid, attempt
        case settledAt = "settled_at"
      }
    }

    struct Event: Decodable {
      var at: Date
      var event: String
      var attempt: Int
      var detail: String?
      var worker: UUID?
      var actor: String?
    }

    struct Uniqueness: Decodable {
      var scope: String
      var heldUntil: Date?
      var replaced: Int

      enum CodingKeys: String, CodingKey {
        case scope, replaced
        case heldUntil = "held_until"
      }
    }

    var id: Int64
    var state: JobState
    var kind: String?
    var queue: String?
    var priority: JobPriority?
    var attempt: Int?
    var crashes: Int?
    var enqueuedAt: Date?
    var runAt: Date?
    var error: String?
    var key: String?
    var uniqueKey: String?
    var unique: Uniqueness?
    var meta: JobMeta?
    var waitsBehind: Int?
    var keyRunning: [Int64]?
    var quarantined: String?
    var limits: QueueLimits?
    var progress: Progress?
    var checkpoint: Checkpoint?
    var schedule: FiredBy?
    var workflow: WorkflowPlace?
    var claims: [Claim]
    var events: [Event]

    enum CodingKeys: String, CodingKey {
      case id, state, kind, queue, priority, attempt, crashes, error, key, claims, events
      case progress, checkpoint, limits, workflow, quarantined
      case schedule, unique, meta
      case enqueuedAt = "enqueued_at"
      case runAt = "run_at"
      case uniqueKey = "unique_key"
      case waitsBehind = "waits_behind"
      case keyRunning = "key_running"
    }
  }
}
