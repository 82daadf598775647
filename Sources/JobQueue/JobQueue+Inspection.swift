import LibpqClient

/// What a reader sees. Every call is one query.
extension JobQueue {
  /// All queues by name.
  public func queues() async throws -> [QueueStatus] {
    try await run("select * from \(sql("queue_status"))()").map { try QueueStatus($0) }
  }

  /// All living workers, oldest first.
  public func workers() async throws -> [WorkerStatus] {
    try await run("select * from \(sql("worker_status"))()").map { try WorkerStatus($0) }
  }

  /// Jobs in any state, newest first. Settled ones are found until their segment of the log is
  /// emptied.
  public func jobs(_ filter: JobFilter = JobFilter()) async throws -> [JobSummary] {
    try await run(
      "select * from \(sql("find_jobs"))($1, $2, $3, $4, $5::int)",
      [
        filter.queue, filter.state?.rawValue, filter.kind, filter.before,
        Int32(clamping: filter.limit),
      ]
    ).map { try JobSummary($0) }
  }

  /// All that is known of one job; nil when nothing is.
  ///
  /// - Parameter revealed: with the values that are marked as secret, which only operators get.
  ///   Default: without.
  public func story(_ id: Int64, revealed: Bool = false) async throws -> JobStory? {
    let function = sql(revealed ? "whole_story" : "job_story")
    let json = try await run("select \(function)($1)", [id])[0, 0].decode(JSONText?.self)
    return try json.map { try JobStory(json: $0.text) }
  }

  /// Dead letters, newest id first.
  ///
  /// - Parameters:
  ///   - before: only jobs with a smaller id: the last id of one page gives the next page.
  ///   - limit: most jobs to return. Default: 50.
  public func deadJobs(
    queue: String? = nil, kind: String? = nil, before: Int64? = nil, limit: Int = 50
  ) async throws -> [DeadJob] {
    try await run(
      """
      select * from \(sql("dead_job")) where ($1::text is null or queue = $1) \
      and ($2::text is null or kind = $2) and ($3::bigint is null or id < $3) \
      order by id desc limit $4::int
      """, [queue, kind, before, Int32(clamping: limit)]
    ).map { try DeadJob($0) }
  }
}

extension QueueStatus {
  init(_ row: SQLRow) throws {
    name = try row["name"].decode()
    pausedAt = try row["paused_at"].decode()
    waiting = try row["waiting"].decode()
    isWaitingCapped = try row["waiting_capped"].decode()
    running = try row["running"].decode()
    scheduled = try row["scheduled"].decode()
    retrying = try row["retrying"].decode()
    snoozed = try row["snoozed"].decode()
    parked = try row["parked"].decode()
    dead = try row["dead"].decode()
    oldestWaiting = try row["oldest_waiting"].decode()
    workers = try row["workers"].decode()
    let limits = QueueBackpressure(
      maxWaiting: try row["max_waiting"].decode(),
      maxAgeSeconds: try row["max_age_seconds"].decode(),
      isFull: try row["is_full"].decode())
    backpressure = limits.maxWaiting == nil && limits.maxAgeSeconds == nil ? nil : limits
  }
}

extension WorkerStatus {
  init(_ row: SQLRow) throws {
    epoch = try row["epoch"].decode()
    host = try row["host"].decode()
    processID = try row["pid"].decode()
    version = try row["version"].decode()
    slots = try row["slots"].decode()
    busy = try row["busy"].decode()
    queues = try row["queues"].decode()
    kinds = try row["kinds"].decode()
    startedAt = try row["started_at"].decode()
    lastHeartbeat = try row["heartbeat_at"].decode()
    isDraining = try row["draining"].decode()
    isConnected = try row["connected"].decode()
    leaked = try row["leaked"].decode()
  }
}

extension JobSummary {
  init(_ row: SQLRow) throws {
    id = try row["id"].decode()
    queue = try row["queue"].decode()
    kind = try row["kind"].decode()
    priority = try JobPriority(row["priority"])
    state = try row["state"].decodeName(JobState.self)
    attempt = try row["attempt"].decode()
    crashes = try row["crashes"].decode()
    enqueuedAt = try row["enqueued_at"].decode()
    runAt = try row["run_at"].decode()
    error = try row["error"].decode()
  }
}

extension DeadJob {
  init(_ row: SQLRow) throws {
    id = try row["id"].decode()
    queue = try row["queue"].decode()
    kind = try row["kind"].decode()
    priority = try JobPriority(row["priority"])
    attempt = try row["attempt"].decode()
    crashes = try row["crashes"].decode()
    enqueuedAt = try row["enqueued_at"].decode()
    diedAt = try row["died_at"].decode()
    error = try row["error"].decode()
    payload = try row["payload"].decode(JSONText.self).text
  }
}

extension JobPriority {
  init(_ cell: SQLCell) throws {
    let number = try cell.decode(Int16.self)
    guard let known = JobPriority(rawValue: number) else {
      throw DatabaseError.decoding("expected priority to be 0 to 3, got: \(number)")
    }
    self = known
  }
}

extension SQLCell {
  /// A word of an enumeration that SQL and Swift share.
  func decodeName<Name: RawRepresentable<String>>(_ type: Name.Type) throws -> Name {
    let word = try decode(String.self)
    guard let known = Name(rawValue: word) else {
      throw DatabaseError.decoding("expected a \(type), got: \(word)")
    }
    return known
  }
}
