/// Work that comes round: a job that is enqueued at each tick of a cron expression.
///
///     Schedule("nightly-scores", cron: "0 2 * * *", timeZone: "Asia/Ho_Chi_Minh",
///       job: RecalculateScores())
///
/// Declare it with `JobRegistry.schedule(_:)`, or put it at run time with `JobQueue.putSchedule(_:)`.
/// The server's clock and its tz database decide when a tick is due; each one fires once.
public struct Schedule: Sendable {
  /// Names the schedule in its installation, 1 to 128 bytes.
  public var name: String
  /// Five fields (minute hour day-of-month month day-of-week), six with seconds before them,
  /// `@hourly` … `@yearly`, or `@every 90s`. In the time zone's local time.
  public var cron: String
  /// A name of the tz database. Default: `UTC`.
  public var timeZone: String
  /// What becomes of local times that the clock jumps over. Default, nil: `.skip` for an expression
  /// that runs in every hour, else `.runAfter`.
  public var skippedTimes: SkippedTimes?
  /// Which of two equal local times counts. Default, nil: `.both` for an expression that runs in
  /// every hour, else `.first`.
  public var repeatedTimes: RepeatedTimes?
  /// What becomes of ticks at which nobody could fire. Default: the latest of one day.
  public var catchUp: CatchUp
  /// What becomes of a tick while the job of an earlier one has not ended. Default: `.skip`.
  public var overlap: ScheduleOverlap
  /// Each job becomes claimable up to so much after its tick, 0 to 1 day. The delay is drawn from the
  /// schedule's name and the tick, so that it stays the same after a crash. Default: 0.
  public var jitter: Duration
  public var queue: String
  public var priority: JobPriority
  /// The job's kind as it is stored.
  public let kind: String
  private let payload: @Sendable (_ queue: String, (any PayloadCipher)?) throws -> String

  /// A schedule of a job of one's own.
  ///
  /// - Parameters:
  ///   - job: the payload of every job.
  ///   - queue: instead of the queue of the kind's options.
  ///   - priority: instead of the priority of the kind's options.
  public init<Payload: JobPayload>(
    _ name: String, cron: String, timeZone: String = "UTC", skippedTimes: SkippedTimes? = nil,
    repeatedTimes: RepeatedTimes? = nil, catchUp: CatchUp = .latest(),
    overlap: ScheduleOverlap = .skip, jitter: Duration = .zero, queue: String? = nil,
    priority: JobPriority? = nil, job: Payload
  ) {
    self.init(
      name, cron: cron, timeZone: timeZone, skippedTimes: skippedTimes,
      repeatedTimes: repeatedTimes, catchUp: catchUp, overlap: overlap, jitter: jitter,
      queue: queue ?? Payload.options.queue, priority: priority ?? Payload.options.priority,
      kind: Payload.storedKind.description, payload: { try job.stored(in: $0, cipher: $1) })
  }

  /// A schedule of a kind that this program has no type for, with its payload's JSON.
  public init(
    _ name: String, cron: String, timeZone: String = "UTC", skippedTimes: SkippedTimes? = nil,
    repeatedTimes: RepeatedTimes? = nil, catchUp: CatchUp = .latest(),
    overlap: ScheduleOverlap = .skip, jitter: Duration = .zero, queue: String,
    priority: JobPriority = .normal, kind: String, json: String
  ) {
    self.init(
      name, cron: cron, timeZone: timeZone, skippedTimes: skippedTimes,
      repeatedTimes: repeatedTimes, catchUp: catchUp, overlap: overlap, jitter: jitter,
      queue: queue, priority: priority, kind: kind, payload: { _, _ in json })
  }

  private init(
    _ name: String, cron: String, timeZone: String, skippedTimes: SkippedTimes?,
    repeatedTimes: RepeatedTimes?, catchUp: CatchUp, overlap: ScheduleOverlap, jitter: Duration,
    queue: String, priority: JobPriority, kind: String,
    payload: @escaping @Sendable (String, (any PayloadCipher)?) throws -> String
  ) {
    self.name = name
    self.cron = cron
    self.timeZone = timeZone
    self.skippedTimes = skippedTimes
    self.repeatedTimes = repeatedTimes
    self.catchUp = catchUp
    self.overlap = overlap
    self.jitter = jitter
    self.queue = queue
    self.priority = priority
    self.kind = kind
    self.payload = payload
  }

  /// The payload's JSON as it is stored, encrypted where the kind asks for that.
  func json(cipher: (any PayloadCipher)?) throws -> String { try payload(queue, cipher) }
}
