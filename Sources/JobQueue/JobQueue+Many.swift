public import Foundation
public import LibpqClient

extension JobQueue {
  /// Enqueues many jobs of one kind in one statement; they appear together or not at all.
  ///
  /// All parameters are as for `enqueue` and hold for every job, but for:
  ///
  /// - Parameters:
  ///   - key: the key of each job. Default: none.
  ///   - unique: what keeps out each job's equals, instead of the payload's own `uniqueness`; all with
  ///     the same scope and the same rule for conflicts. Two calls with the same keys in any order wait
  ///     for each other and never deadlock.
  ///   - limit: how long to wait until the queue takes all of them.
  /// - Returns: their ids, in the order of `jobs`; where a unique key is held already, the id of the
  ///   job that holds it.
  /// - Throws: as `enqueue`.
  @discardableResult
  public func enqueueMany<Payload: JobPayload>(
    _ jobs: [Payload], queue: String? = nil, priority: JobPriority? = nil, runAt: Date? = nil,
    key: ((Payload) -> String?)? = nil, unique: ((Payload) -> JobUniqueness?)? = nil,
    expires: JobExpiry? = nil, tags: [String] = [], trace: TraceContext? = nil,
    waitingUpTo limit: Duration? = nil, in connection: Connection? = nil
  ) async throws -> [JobHandle<Payload>] {
    let name = queue ?? Payload.options.queue
    var call = ManyCall(
      queue: name, kind: Payload.storedKind.description,
      payloads: try jobs.map { try stored($0, in: name) },
      priority: priority ?? Payload.options.priority)
    if let runAt { call.named("p_run_at", runAt) }
    if let key { call.named("p_keys", jobs.map(key)) }
    let uniques = try UniqueKeys(
      jobs.map { job in
        try (unique.map { $0(job) } ?? job.uniqueness)?.checked(for: Payload.self)
      })
    if let uniques { call.add(uniques, hash: sql("payload_key")) }
    call.add(expires)
    if !tags.isEmpty { call.named("p_tags", tags) }
    if let trace { call.named("p_traceparent", trace.description) }
    let statement = "\(sql("enqueue_many"))(\(call.arguments.joined(separator: ", ")))"
    let parameters = call.parameters
    guard let limit, !jobs.isEmpty else {
      return try await handles("select * from \(statement)", parameters, in: connection)
    }
    return try await waitingForRoom(in: name, upTo: limit) {
      let found: [JobHandle<Payload>] = try await handles(
        """
        select * from unnest(case when \(sql("has_room"))($1, \(jobs.count)) \
        then array(select \(statement)) end)
        """, parameters, in: connection)
      return found.isEmpty ? nil : found
    }
  }

  private func handles<Payload>(
    _ statement: String, _ parameters: [any SQLParameter], in connection: Connection?
  ) async throws -> [JobHandle<Payload>] {
    try await run(statement, parameters, in: connection).map {
      JobHandle(id: try $0[0].decode(Int64.self))
    }
  }
}

/// The unique keys of many jobs, which have all else in common.
struct UniqueKeys {
  let scope: JobUniqueness.Scope
  let onConflict: UniqueConflict
  let keys: [JobUniqueness.Key?]

  /// Nil where no job has one.
  init?(_ all: [JobUniqueness?]) throws {
    guard let first = all.lazy.compactMap({ $0 }).first else { return nil }
    for case let other? in all
    where other.scope != first.scope || other.onConflict != first.onConflict {
      throw JobQueueError(
        .badArgument, "jobs enqueued together must have one unique scope and rule for conflicts",
        hint: "Enqueue them by two calls.")
    }
    scope = first.scope
    onConflict = first.onConflict
    keys = all.map { $0?.key }
  }

  var texts: [String?] {
    keys.map { $0?.text }
  }

  var areHashes: [Bool] { keys.map { $0 == .payload } }
}

/// Writes the arguments of a call of `enqueue_many`.
private struct ManyCall {
  var arguments = ["$1::text", "$2::text", "$3::text[]::jsonb[]", "$4::smallint"]
  var parameters: [any SQLParameter]

  init(queue: String, kind: String, payloads: [String], priority: JobPriority) {
    parameters = [queue, kind, payloads, priority.rawValue]
  }

  mutating func bind(_ value: any SQLParameter) -> String {
    parameters.append(value)
    return "$\(parameters.count)"
  }

  mutating func named(_ name: String, _ value: any SQLParameter) {
    arguments.append("\(name) => \(bind(value))")
  }

  mutating func add(_ uniques: UniqueKeys, hash: String) {
    let texts = bind(uniques.texts)
    let areHashes = bind(uniques.areHashes)
    arguments.append(
      """
      p_unique_keys => array(select case when u.is_hash then \(hash)($2, u.payload) else u.text end \
      from unnest($3::text[]::jsonb[], \(texts)::text[], \(areHashes)::bool[]) \
      with ordinality u (payload, text, is_hash, place) order by u.place)
      """)
    arguments.append("p_on_conflict => '\(uniques.onConflict.rawValue)'")
    arguments.append("p_unique_scope => '\(uniques.scope.name)'")
    if let window = uniques.scope.window {
      arguments.append("p_unique_for => make_interval(secs => \(bind(window.inSeconds))::float8)")
    }
  }

  mutating func add(_ expires: JobExpiry?) {
    switch expires?.kind {
    case .after(let duration):
      arguments.append(
        "p_expires_at => clock_timestamp() + make_interval(secs => \(bind(duration.inSeconds))::float8)"
      )
    case .at(let date): named("p_expires_at", date)
    case nil: break
    }
  }
}
