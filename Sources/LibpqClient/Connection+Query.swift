import Dispatch

extension Connection {
  /// Runs one statement with bound parameters and gives its rows, by the extended protocol with
  /// binary results. Statements are prepared once per connection and kept (256 of them).
  ///
  /// `timeout` covers the time in line too; nil means the configuration's `queryTimeout`.
  /// Throws `DatabaseError`; kind `.cancelled` when the task is cancelled, which also cancels the
  /// statement on the server.
  @discardableResult
  public func query(
    _ sql: String, _ parameters: [any SQLParameter] = [], timeout: Duration? = nil
  ) async throws -> QueryResult {
    if sql.beginsWithCopy { throw DatabaseError.copyInQuery }
    let request = EncodedRequest.query(try EncodedQuery(sql: sql, parameters: parameters))
    let outcomes = await run(.pipeline(PipelineExchange([request])), timeout: timeout)
    return try outcomes[0].get()
  }

  /// Runs several statements in one string, without parameters, by the simple protocol: one
  /// implicit transaction unless the script says BEGIN itself. Rows are dropped.
  public func execute(script: String, timeout: Duration? = nil) async throws {
    guard !script.utf8.contains(0) else {
      throw DatabaseError.invalidParameter("the script contains a NUL character (U+0000)")
    }
    if script.beginsWithCopy { throw DatabaseError.copyInQuery }
    for outcome in await run(.script(script), timeout: timeout) { _ = try outcome.get() }
  }

  /// Runs several statements in one round trip; answers one outcome for each query.
  ///
  /// See `PipelineRequest` for what a failure does to the others. Throws only when nothing was
  /// sent because a parameter cannot be.
  public func pipeline(
    _ requests: [PipelineRequest], timeout: Duration? = nil
  ) async throws -> [Result<QueryResult, DatabaseError>] {
    let encoded = try requests.encodedForPipeline()
    return await run(.pipeline(PipelineExchange(encoded)), timeout: timeout)
  }

  /// The callback form of `pipeline` for hot paths: no task and no continuation. `completion`
  /// runs on the connection's queue and must be quick; it gets one outcome for each query.
  ///
  /// - Parameters:
  ///   - now: sends on the caller's thread, so that no other has to wake up first. Not from within a
  ///     completion. Default: false.
  ///   - overlapping: sends behind a pipeline that was submitted in the same way and is not answered
  ///     yet, so that the server goes on without a pause; two at most. What cancels the first may hit the others.
  ///     None may begin a transaction by itself. Default: false.
  @discardableResult
  package func submit(
    _ requests: [PipelineRequest], timeout: Duration? = nil, now: Bool = false,
    overlapping: Bool = false,
    completion: @escaping @Sendable ([Result<QueryResult, DatabaseError>]) -> Void
  ) -> OperationTicket {
    let ticket = OperationTicket()
    let limit = timeout ?? core.configuration.queryTimeout
    do {
      let exchange = PipelineExchange(try requests.encodedForPipeline())
      let operation = Operation(
        .pipeline(exchange), timeout: limit, ticket: ticket, mayOverlap: overlapping,
        completion: completion)
      now ? core.submitNow(operation) : core.submit(operation)
    } catch {
      let failure = error as? DatabaseError ?? .invalidParameter("\(error)")
      let count = requests.count { if case .query = $0.content { true } else { false } }
      core.queue.async { completion(Array(repeating: .failure(failure), count: count)) }
    }
    return ticket
  }

  /// Cancels a submitted operation, in line or running.
  package func cancel(_ ticket: OperationTicket) { core.cancel(ticket) }

  /// Runs an operation and waits without a thread.
  func run(
    _ work: sending Operation.Work, timeout: Duration?,
    requirement: Operation.Requirement = .none, heedingCancellation: Bool = true
  ) async -> Outcomes {
    let ticket = OperationTicket()
    let limit = timeout ?? core.configuration.queryTimeout
    let core = self.core
    return await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        // On this thread: that of the queue would have to wake up first.
        core.submitNow(
          Operation(work, timeout: limit, ticket: ticket, requirement: requirement) {
            continuation.resume(returning: $0)
          })
      }
    } onCancel: {
      if heedingCancellation { core.cancel(ticket) }
    }
  }
}

extension [PipelineRequest] {
  fileprivate func encodedForPipeline() throws -> [EncodedRequest] {
    for case .query(let sql, _) in map(\.content) where sql.beginsWithCopy {
      throw DatabaseError.copyInQuery
    }
    return try encoded()
  }
}

extension String {
  /// COPY with STDIN or STDOUT would end the connection in pipeline mode; COPY with a file on the
  /// server is harmless but rare enough.
  fileprivate var beginsWithCopy: Bool {
    let start = utf8.drop { $0 == 32 || $0 == 10 || $0 == 9 || $0 == 13 }.prefix(5)
    return start.count == 5 && start.dropLast().elementsEqual("copy".utf8) { ($0 | 32) == $1 }
      && !(start.last!.isIdentifierByte)
  }
}

extension UInt8 {
  fileprivate var isIdentifierByte: Bool {
    (48...57).contains(self) || (65...90).contains(self & ~32) || self == 95 || self >= 128
  }
}
