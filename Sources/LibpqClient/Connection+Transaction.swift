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

  /// The same at READ COMMITTED, with a last statement that travels together with COMMIT, so that the
  /// program can't be stopped between the two. When the connection breaks under them the error has
  /// `isCommitUnknown`.
  package func transaction<T>(
    _ body: (Connection) async throws -> T, last: (T) async throws -> PipelineRequest
  ) async throws -> T {
    try await control("BEGIN ISOLATION LEVEL READ COMMITTED", .noTransaction)
    let value: T
    let ending: [EncodedRequest]
    do {
      value = try await body(self)
      try Task.checkCancellation()
      ending = try [await last(value), .query("COMMIT")].encoded()
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
