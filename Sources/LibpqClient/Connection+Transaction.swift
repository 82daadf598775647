/// How much of other transactions' work a transaction sees.
public enum IsolationLevel: String, Sendable {
  case readCommitted = "READ COMMITTED"
  case repeatableRead = "REPEATABLE READ"
  case serializable = "SERIALIZABLE"
}

extension Connection {
  /// Runs `body` in a transaction: commits when it returns, rolls back when it throws.
  ///
  /// Only the body may use the connection meanwhile. Transactions do not nest: a second one on
  /// the same connection throws kind `.misuse`. When a statement failed and the body swallowed the
  /// error, COMMIT cannot happen and this throws. When the connection breaks during COMMIT the
  /// error has `isCommitUnknown`.
  public func transaction<T>(
    isolation: IsolationLevel = .readCommitted, _ body: (Connection) async throws -> T
  ) async throws -> T {
    try await control("BEGIN ISOLATION LEVEL \(isolation.rawValue)", .noTransaction)
    let value: T
    do {
      value = try await body(self)
      try Task.checkCancellation()
    } catch {
      await rollBack()
      throw error
    }
    try await commit()
    return value
  }

  /// The same at READ COMMITTED, with a last statement (nil: none) that travels together with COMMIT, so that
  /// the program can't be stopped between the two. When the connection breaks under them the error has
  /// `isCommitUnknown`.
  package func transaction<T>(
    _ body: (Connection) async throws -> T, last: (T) async throws -> PipelineRequest?
  ) async throws -> T {
    try await control("BEGIN ISOLATION LEVEL READ COMMITTED", .noTransaction)
    return try await finish(body, last: last)
  }

  /// The rest of a transaction that has begun.
  private func finish<T>(
    _ body: (Connection) async throws -> T, last: (T) async throws -> PipelineRequest?
  ) async throws -> T {
    let value: T
    let ending: [EncodedRequest]
    do {
      value = try await body(self)
      try Task.checkCancellation()
      ending = try [await last(value), .query("COMMIT")].compactMap(\.self).encoded()
    } catch {
      await rollBack()
      throw error
    }
    let outcomes = await run(
      .pipeline(PipelineExchange(ending)), timeout: nil, requirement: .transaction,
      heedingCancellation: false)
    for case .failure(var error) in outcomes {
      error.isCommitUnknown = error.isConnectionLost
      await rollBack()
      throw error
    }
    return value
  }

  /// The same with a first statement that travels together with BEGIN, and whose answer the body gets.
  package func transaction<T>(
    first: PipelineRequest, _ body: (Connection, QueryResult) async throws -> T,
    last: (T) async throws -> PipelineRequest?
  ) async throws -> T {
    let beginning = try [.query("BEGIN ISOLATION LEVEL READ COMMITTED"), first].encoded()
    let opened = await run(
      .pipeline(PipelineExchange(beginning)), timeout: nil, requirement: .noTransaction)
    let failures = opened.compactMap { outcome in
      if case .failure(let error) = outcome { error } else { nil }
    }
    // BEGIN counts as undone where it is the other that failed.
    let failure = failures.first { $0.kind != .pipelineAborted }
    if let failure, failure.kind == .misuse { throw failure }  // the transaction is another's
    return try await finish(
      {
        if let failure { throw failure }
        return try await body($0, opened[1].get())
      }, last: last)
  }

  private func commit() async throws {
    do {
      let result = try await control("COMMIT", .transaction)
      guard result.commandTag == "COMMIT" else {
        throw DatabaseError(
          .server, "the transaction was rolled back, because one of its statements had failed",
          hint: "Let the failed statement's error leave the transaction's body")
      }
    } catch var error as DatabaseError where error.isConnectionLost && error.kind != .closed {
      error.isCommitUnknown = true
      throw error
    }
  }

  /// A connection that cannot roll back is of no use to anybody.
  private func rollBack() async {
    guard isOpen else { return }
    do {
      try await control("ROLLBACK", .none)
    } catch {
      await close()
    }
  }

  /// These must not be cut short by the task's cancellation.
  @discardableResult
  private func control(
    _ sql: String, _ requirement: Operation.Requirement
  ) async throws -> QueryResult {
    let request = EncodedRequest.query(try EncodedQuery(sql: sql, parameters: []))
    let outcomes = await run(
      .pipeline(PipelineExchange([request])), timeout: nil, requirement: requirement,
      heedingCancellation: requirement == .noTransaction)
    return try outcomes[0].get()
  }
}
