public import LibpqClient

extension JobContext {
  /// Runs `body` in a transaction and settles this job as succeeded in the same one: its writes
  /// and the end of the job are committed together or not at all, so the effect is exactly-once.
  ///
  /// Afterwards the job has ended, whatever the handler does: an error that it throws then is only
  /// logged. Call it last. Where the job's kind has a result, `body` must return it. The transaction
  /// is READ COMMITTED; an error that leaves `body`, or the task's cancellation, rolls it back, and
  /// the attempt goes on.
  ///
  /// - Parameter pool: where to take the connection from; its role must be allowed to settle. Default:
  ///   the worker's own pool, `WorkerConfiguration.transactionConnections` in size.
  /// - Throws: what `body` throws; `JobTransactionError` where the job is no longer this attempt's to
  ///   settle; `DatabaseError`.
  @discardableResult
  public func transaction<T>(
    on pool: ConnectionPool? = nil, _ body: (Connection) async throws -> T
  ) async throws -> T {
    guard let services else { throw JobTransactionError.noWorker }
    return try await services.transaction(on: pool, body)
  }
}
