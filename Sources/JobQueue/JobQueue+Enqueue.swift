public import Foundation
public import LibpqClient

extension JobQueue {
  /// Enqueues one job. It becomes claimable when the transaction commits and vanishes when that
  /// rolls back; without `connection` it is committed on return.
  ///
  /// - Parameters:
  ///   - queue: instead of the queue of the kind's options.
  ///   - priority: instead of the priority of the kind's options.
  ///   - delay: not before this long from now, by the server's clock.
  ///   - runAt: not before this time; a time in the past means at once. Not with `delay`.
  ///   - key: groups jobs, for ordering and limits; 512 bytes at most.
  ///   - unique: keeps equal jobs out, instead of the payload's own `uniqueness`.
  ///   - expires: dropped where no attempt has started by then. Default: never.
  ///   - tags: words that are shown with the job; at most 32 of 128 bytes.
  ///   - trace: the caller's trace, which the handler's logger and context carry on.
  ///   - limit: how long to wait while the queue is full. Default: nil, which throws at once.
  ///     Waiting in the caller's transaction needs READ COMMITTED.
  ///   - connection: the caller's connection with its open transaction.
  /// - Throws: `JobQueueError` (unknown queue, payload over 1 MiB, queue full, a run time beyond 100
  ///   years …), `EncodingError`, `PayloadEncryptionError`, or `DatabaseError` when the server can't be reached.
  @discardableResult
  public func enqueue<Payload: JobPayload>(
    _ job: Payload, queue: String? = nil, priority: JobPriority? = nil, delay: Duration? = nil,
    runAt: Date? = nil, key: String? = nil, unique: JobUniqueness? = nil,
    expires: JobExpiry? = nil, tags: [String] = [], trace: TraceContext? = nil,
    waitingUpTo limit: Duration? = nil, in connection: Connection? = nil
  ) async throws -> JobHandle<Payload> {
    let request = try request(
      job, queue: queue, priority: priority, delay: delay, runAt: runAt, key: key, unique: unique,
      expires: expires, tags: tags, trace: trace)
    return JobHandle(id: try await send(request, waitingUpTo: limit, in: connection))
  }

  /// Enqueues a job of a kind that this program has no type for, from its payload's JSON.
  @discardableResult
  public func enqueue(
    kind: String, json: String, queue: String, priority: JobPriority = .normal,
    delay: Duration? = nil, runAt: Date? = nil, key: String? = nil,
    unique: JobUniqueness? = nil, expires: JobExpiry? = nil, tags: [String] = [],
    trace: TraceContext? = nil, waitingUpTo limit: Duration? = nil,
    in connection: Connection? = nil
  ) async throws -> Int64 {
    let request = JobRequest(
      kind: kind, json: json, queue: queue, priority: priority, delay: delay, runAt: runAt,
      key: key, unique: unique, expires: expires, tags: tags, trace: trace)
    return try await send(request, waitingUpTo: limit, in: connection)
  }

  /// The statement that enqueues the job, for those whose transaction is open on another driver, such
  /// as PostgresNIO or Fluent. The parameters are those of `enqueue`.
  public func statement<Payload: JobPayload>(
    for job: Payload, queue: String? = nil, priority: JobPriority? = nil, delay: Duration? = nil,
    runAt: Date? = nil, key: String? = nil, unique: JobUniqueness? = nil,
    expires: JobExpiry? = nil, tags: [String] = [], trace: TraceContext? = nil
  ) throws -> JobStatement {
    try request(
      job, queue: queue, priority: priority, delay: delay, runAt: runAt, key: key, unique: unique,
      expires: expires, tags: tags, trace: trace
    ).statement(sql)
  }

  private func send(
    _ request: JobRequest, waitingUpTo limit: Duration?, in connection: Connection?
  ) async throws -> Int64 {
    let (call, parameters) = try request.call(sql)
    guard let limit else {
      return try await run("select \(call)", parameters, in: connection)[0, 0].decode()
    }
    return try await waitingForRoom(in: request.queue, upTo: limit) {
      // One statement: what has_room has found is kept for the call that follows.
      try await run(
        "select case when \(sql("has_room"))($1::text) then \(call) end", parameters,
        in: connection)[0, 0].decode(Int64?.self)
    }
  }
}

extension JobQueue {
  private func request<Payload: JobPayload>(
    _ job: Payload, queue: String?, priority: JobPriority?, delay: Duration?, runAt: Date?,
    key: String?, unique: JobUniqueness?, expires: JobExpiry?, tags: [String],
    trace: TraceContext?
  ) throws -> JobRequest {
    let options = Payload.options
    let name = queue ?? options.queue
    return JobRequest(
      kind: Payload.storedKind.description, json: try stored(job, in: name), queue: name,
      priority: priority ?? options.priority, delay: delay,
      runAt: runAt, key: key, unique: try (unique ?? job.uniqueness)?.checked(for: Payload.self),
      expires: expires, tags: tags,
      trace: trace)
  }
}
