extension Connection {
  /// Runs a `COPY … FROM STDIN` (text, CSV or binary) with the chunks' bytes and answers the number
  /// of rows. Chunks may be cut anywhere; about 64 KB each is good.
  ///
  /// Nothing is read ahead: the next chunk is asked for when the last is on its way. When the
  /// chunks throw, or the task is cancelled, the server undoes the whole COPY. `timeout` counts
  /// only while the server is waited for, anew for every chunk.
  @discardableResult
  public func copyIn<Chunks: AsyncSequence>(
    _ sql: String, _ chunks: Chunks, timeout: Duration? = nil
  ) async throws -> Int where Chunks.Element == [UInt8] {
    try await copyIn(sql, timeout: timeout) { send in
      for try await chunk in chunks { try await send(chunk) }
    }
  }

  @discardableResult
  public func copyIn<Chunks: Sequence>(
    _ sql: String, _ chunks: Chunks, timeout: Duration? = nil
  ) async throws -> Int where Chunks.Element == [UInt8] {
    try await copyIn(sql, timeout: timeout) { send in
      for chunk in chunks { try await send(chunk) }
    }
  }

  private func copyIn(
    _ sql: String, timeout: Duration?,
    _ produce: (_ send: ([UInt8]) async throws -> Void) async throws -> Void
  ) async throws -> Int {
    guard !sql.utf8.contains(0) else {
      throw DatabaseError.invalidParameter("the SQL text contains a NUL character (U+0000)")
    }
    let ticket = OperationTicket()
    let (outcome, finish) = AsyncStream<Outcomes>.makeStream()
    let operation = Operation(
      .copyIn(CopyIn(sql: sql)), timeout: timeout ?? core.configuration.queryTimeout,
      ticket: ticket
    ) { finish.yield($0) }
    let core = self.core
    return try await withTaskCancellationHandler {
      core.submit(operation)
      let failure = await Self.feed(operation, core, produce)
      return try await Self.rows(outcome, failure)
    } onCancel: {
      core.cancel(ticket)
    }
  }

  /// What the producer threw, if it was the producer's own failure.
  private static func feed(
    _ operation: Operation, _ core: ConnectionCore,
    _ produce: (_ send: ([UInt8]) async throws -> Void) async throws -> Void
  ) async -> (any Error)? {
    do {
      try await ready(operation, core)
      try await produce { chunk in
        core.putCopyData(operation, chunk)
        try await ready(operation, core)
      }
      core.endCopy(operation, failingWith: nil)
      return nil
    } catch let stop as CopyStopped {
      _ = stop  // the operation's own outcome says why
      return nil
    } catch {
      core.endCopy(operation, failingWith: "the client could not produce the data")
      return error
    }
  }

  private static func ready(_ operation: Operation, _ core: ConnectionCore) async throws {
    let failure = await withCheckedContinuation { continuation in
      core.awaitCopyReady(operation) { continuation.resume(returning: $0) }
    }
    if failure != nil { throw CopyStopped() }
  }

  private static func rows(
    _ outcome: AsyncStream<Outcomes>, _ failure: (any Error)?
  ) async throws -> Int {
    // Not the task's cancellation but the operation's end is waited for.
    let outcomes = await Task { await outcome.first { _ in true } }.value ?? []
    if let failure { throw failure }
    return try outcomes.first?.get().affectedRows ?? 0
  }
}

/// The copy ended before its data did.
private struct CopyStopped: Error {}
