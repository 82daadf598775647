/// The course of one pipeline over the wire: what to send next, and what each answer means.
/// Pure: libpq's events go in, actions come out, so that it is tested without a network.
///
/// libpq answers every query with one result and an end mark, and every sync point with one result.
struct PipelineExchange {
  enum Action: Equatable {
    case prepare(name: String, request: Int)
    case execute(name: String, request: Int)
    case executeUnnamed(request: Int)
    case sync
  }

  enum Event {
    case success(QueryResult)
    case failure(DatabaseError)
    /// Skipped because of an earlier failure in the segment.
    case skipped
    case endOfQuery
    case sync
  }

  private enum Expectation {
    case prepare(request: Int, key: StatementCache.Key)
    case query(request: Int)
    case endOfQuery
    case sync
  }

  let requests: [EncodedRequest]
  private var next = 0
  private var segment = 0
  private var isSegmentOpen = false
  /// The statement that has just been prepared and is to be executed next.
  private var preparedRequest: (name: String, request: Int)?
  private var isFeedingStopped = false
  private var expected: [Expectation] = []
  private var firstExpected = 0
  private var slots: [Int]
  private var outcomes: [Result<QueryResult, DatabaseError>?]
  private var segmentFailure: DatabaseError?
  /// The first request of the segment whose answers are coming.
  private var segmentStart = 0
  /// The first request that failed because the server's prepared statement was gone or outdated.
  private(set) var outdatedRequest: Int?

  init(_ requests: [EncodedRequest]) {
    self.requests = requests
    var count = 0
    slots = requests.map { request in
      guard case .query = request else { return -1 }
      defer { count += 1 }
      return count
    }
    outcomes = Array(repeating: nil, count: count)
  }

  /// The next thing to send, or nil when all is sent.
  mutating func nextAction(_ cache: inout StatementCache) -> Action? {
    if let prepared = preparedRequest {
      preparedRequest = nil
      return execute(.execute(name: prepared.name, request: prepared.request), prepared.request)
    }
    guard !isFeedingStopped, next < requests.count else { return closeSegment() }
    let request = next
    next += 1
    guard case .query(let query) = requests[request] else {
      return closeSegment() ?? nextAction(&cache)
    }
    let key = StatementCache.Key(sql: query.sql, types: query.types)
    switch cache.use(key, segment: segment) {
    case .prepared(let name):
      return execute(.execute(name: name, request: request), request)
    case .unnamed:
      return execute(.executeUnnamed(request: request), request)
    case .prepare(let name):
      preparedRequest = (name, request)
      isSegmentOpen = true
      expected += [.prepare(request: request, key: key), .endOfQuery]
      return .prepare(name: name, request: request)
    }
  }

  /// Sends no more of the requests: the pipeline is being cancelled.
  mutating func stopFeeding() { isFeedingStopped = true }

  var isAllSent: Bool {
    (isFeedingStopped || next == requests.count) && preparedRequest == nil && !isSegmentOpen
  }

  /// Nothing that was sent is still unanswered.
  var isDrained: Bool { firstExpected == expected.count }

  var isFinished: Bool { isAllSent && isDrained }

  /// Takes an answer. Throws kind `.protocolViolation` for one that cannot come here.
  mutating func receive(_ event: Event, _ cache: inout StatementCache) throws {
    guard !isDrained else { throw Self.unexpected }
    let expectation = expected[firstExpected]
    firstExpected += 1
    switch (expectation, event) {
    case (.prepare(_, let key), .success): cache.confirm(key)
    case (.prepare(let request, let key), .failure(let error)):
      cache.forget(key, deallocate: false)
      fail(request, error)
    case (.prepare(_, let key), .skipped): cache.forget(key, deallocate: false)
    case (.query(let request), .success(let result)): outcomes[slots[request]] = .success(result)
    case (.query(let request), .failure(let error)): failQuery(request, error, &cache)
    case (.query(let request), .skipped): skip(request)
    case (.endOfQuery, .endOfQuery): break
    case (.sync, .sync): settleSegment()
    // The segment failed at its very end, when its implicit transaction was to commit.
    case (.sync, .failure(let error)):
      firstExpected -= 1
      segmentFailure = error
    case (.sync, .endOfQuery): firstExpected -= 1
    default: throw Self.unexpected
    }
  }

  /// One outcome for each query; those that have none yet get the error.
  func outcomes(missing error: DatabaseError) -> [Result<QueryResult, DatabaseError>] {
    outcomes.enumerated().map { index, outcome in
      if let outcome { return outcome }
      var own = error
      own.sql = sql(ofSlot: index)
      return .failure(own)
    }
  }

  /// True if running all of it again cannot do anything twice: its only segment failed at its
  /// first query.
  var isRepeatable: Bool {
    guard outdatedRequest == 0 else { return false }
    return !requests.dropLast().contains { if case .sync = $0 { true } else { false } }
  }

  static let unexpected = DatabaseError(
    .protocolViolation, "libpq gave a result that no statement asked for")

  private mutating func execute(_ action: Action, _ request: Int) -> Action {
    isSegmentOpen = true
    expected += [.query(request: request), .endOfQuery]
    return action
  }

  private mutating func closeSegment() -> Action? {
    guard isSegmentOpen else { return nil }
    isSegmentOpen = false
    segment += 1
    expected.append(.sync)
    return .sync
  }

  private mutating func fail(_ request: Int, _ error: DatabaseError) {
    var own = error
    own.sql = sql(of: request)
    segmentFailure = own
    outcomes[slots[request]] = .failure(own)
  }

  private mutating func failQuery(
    _ request: Int, _ error: DatabaseError, _ cache: inout StatementCache
  ) {
    fail(request, error)
    guard error.isOutdatedStatement, case .query(let query) = requests[request] else { return }
    let key = StatementCache.Key(sql: query.sql, types: query.types)
    cache.forget(key, deallocate: error.sqlState != "26000")
    if outdatedRequest == nil { outdatedRequest = request }
  }

  private mutating func skip(_ request: Int) {
    guard outcomes[slots[request]] == nil else { return }  // its own preparation failed
    var error = DatabaseError(
      .pipelineAborted, "skipped, because an earlier statement of its pipeline failed")
    error.detail = segmentFailure?.message
    error.sql = sql(of: request)
    outcomes[slots[request]] = .failure(error)
  }

  /// When a segment failed, its implicit transaction did not happen: what its earlier statements
  /// answered must not be taken for done. A deferred constraint fails them all at the commit.
  private mutating func settleSegment() {
    let rest = requests[segmentStart...].drop { if case .sync = $0 { true } else { false } }
    let segment = rest.prefix { if case .query = $0 { true } else { false } }
    segmentStart = segment.endIndex
    guard let failure = segmentFailure else { return }
    segmentFailure = nil
    let isFailureAtCommit = !segment.indices.contains { isFailed($0) }
    for request in segment.indices where !isFailed(request) {
      var own = isFailureAtCommit ? failure : .undone(by: failure)
      own.sql = sql(of: request)
      outcomes[slots[request]] = .failure(own)
    }
  }

  private func isFailed(_ request: Int) -> Bool {
    if case .failure = outcomes[slots[request]] { true } else { false }
  }

  private func sql(of request: Int) -> String? {
    guard case .query(let query) = requests[request] else { return nil }
    return query.sql
  }

  private func sql(ofSlot slot: Int) -> String? {
    slots.firstIndex(of: slot).flatMap(sql(of:))
  }
}

extension DatabaseError {
  fileprivate static func undone(by failure: DatabaseError) -> DatabaseError {
    var error = DatabaseError(
      .pipelineAborted, "undone, because a later statement of its pipeline failed")
    error.detail = failure.message
    return error
  }

  /// The prepared statement is gone (DEALLOCATE, DISCARD) or its columns changed with the schema.
  var isOutdatedStatement: Bool {
    sqlState == "26000" || (sqlState == "0A000" && sourceFunction == "RevalidateCachedQuery")
  }
}
