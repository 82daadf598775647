import CLibpq
import Dispatch

extension ConnectionCore {
  /// How many bytes are handed to libpq before it must have sent them.
  private static let bytesInFlight = 256 * 1024
  /// How many pipelines are sent behind the running one at most.
  private static let mostFollowing = 2

  func startPipeline(_ operation: Operation) {
    guard PQenterPipelineMode(connection) == 1 else { return inputFailed() }
    operation.startedOutsideTransaction = PQtransactionStatus(connection) == PQTRANS_IDLE
    advancePipeline(operation)
  }

  /// Writes until the socket is full, reading all the while: a server whose answers nobody reads
  /// stops reading too. `PQflush` itself may read, so results are looked at after every flush.
  func advancePipeline(_ operation: Operation) {
    repeat {
      guard feed(operation), following.allSatisfy(feed) else { return inputFailed() }
      let isFlushed = flush()
      guard case .ready = phase else { return }
      receivePipelineResults(operation, onBrokenConnection: false)
      guard case .ready = phase, running === operation else { return }
      if !isFlushed { return }
    } while !isAllSent(operation) || !following.allSatisfy(isAllSent)
  }

  /// Sends the first that waits behind the running one and its followers, if all are meant for that.
  func follow(_ first: Operation) {
    // A preparation under way is part of the first one: whether it works is not known yet.
    guard following.count < Self.mostFollowing, first.mayOverlap, first.cancelReason == nil,
      isAllSent(following.last ?? first), waiting[0].mayOverlap, statements.isSettled
    else { return }
    following.append(waiting.removeFirst())
    advance()
  }

  private func isAllSent(_ operation: Operation) -> Bool {
    guard case .pipeline(let exchange) = operation.work else { return true }
    return exchange.isAllSent
  }

  /// Hands the next requests to libpq, up to the limit. False when the connection is broken.
  private func feed(_ operation: Operation) -> Bool {
    guard case .pipeline(var exchange) = operation.work else { return true }
    operation.work = .script("")  // keeps the exchange's arrays unique
    defer { operation.work = .pipeline(exchange) }
    var bytes = 0
    while bytes < Self.bytesInFlight, let action = exchange.nextAction(&statements) {
      guard let size = send(action, of: exchange.requests) else { return false }
      bytes += size
    }
    return true
  }

  /// The rough size of what was sent, or nil when libpq refused it.
  private func send(_ action: PipelineExchange.Action, of requests: [EncodedRequest]) -> Int? {
    switch action {
    case .sync:
      return PQpipelineSync(connection) == 1 ? 8 : nil
    case .prepare(let name, let request):
      guard case .query(let query) = requests[request] else { return nil }
      let sent = PQsendPrepare(
        connection, name, query.sql, Int32(query.types.count), query.types)
      return sent == 1 ? query.sql.utf8.count : nil
    case .execute(let name, let request):
      guard case .query(let query) = requests[request] else { return nil }
      return send(query, prepared: name)
    case .executeUnnamed(let request):
      guard case .query(let query) = requests[request] else { return nil }
      return send(query, prepared: nil)
    }
  }

  private func send(_ query: EncodedQuery, prepared name: String?) -> Int? {
    let count = Int32(query.fields.count)
    let sent = query.withParameterArrays { values, lengths, formats in
      if let name {
        return PQsendQueryPrepared(connection, name, count, values, lengths, formats, 1)
      }
      return PQsendQueryParams(
        connection, query.sql, count, query.types, values, lengths, formats, 1)
    }
    return sent == 1 ? query.bytes.count + 64 : nil
  }

  func receivePipelineResults(_ operation: Operation, onBrokenConnection isBroken: Bool) {
    guard case .pipeline(var exchange) = operation.work else { return }
    operation.work = .script("")
    do {
      while !exchange.isDrained, PQisBusy(connection) == 0 {
        let event = try nextEvent()
        if isBroken, case .endOfQuery = event { break }
        try exchange.receive(event, &statements)
      }
      operation.work = .pipeline(exchange)
    } catch {
      operation.work = .pipeline(exchange)
      return end(error as? DatabaseError ?? .lost("\(error)"))
    }
    if exchange.isFinished && !isBroken { finishPipeline(operation, exchange) }
  }

  private func nextEvent() throws -> PipelineExchange.Event {
    guard let result = PQgetResult(connection) else { return .endOfQuery }
    switch PQresultStatus(result) {
    case PGRES_TUPLES_OK, PGRES_COMMAND_OK, PGRES_EMPTY_QUERY:
      return .success(QueryResult(owning: result))
    case PGRES_PIPELINE_SYNC:
      PQclear(result)
      return .sync
    case PGRES_PIPELINE_ABORTED:
      PQclear(result)
      return .skipped
    case PGRES_FATAL_ERROR, PGRES_BAD_RESPONSE, PGRES_NONFATAL_ERROR:
      defer { PQclear(result) }
      return .failure(running?.explain(DatabaseError(result: result, sql: nil)) ?? .endedByServer)
    default:
      PQclear(result)
      throw DatabaseError.copyInQuery
    }
  }

  private func finishPipeline(_ operation: Operation, _ exchange: PipelineExchange) {
    if !following.isEmpty { return goOn(after: operation, exchange) }
    PQexitPipelineMode(connection)
    if mayRepeat(operation, exchange) {
      operation.isRepeated = true
      operation.work = .pipeline(PipelineExchange(exchange.requests))
      return startPipeline(operation)
    }
    finishRunning { $0.completion(exchange.outcomes(missing: .endedByServer)) }
  }

  /// The running pipeline has its answers; those of the next may have come already.
  private func goOn(after first: Operation, _ finished: PipelineExchange) {
    let next = following.removeFirst()
    running = next
    setTimer(for: next.alarm)
    first.completion(finished.outcomes(missing: .endedByServer))
    if next.ticket.isCancelled { cancel(next.ticket) }
    startNext()
    advance()
  }

  /// Once, and only where nothing can have happened yet.
  private func mayRepeat(_ operation: Operation, _ exchange: PipelineExchange) -> Bool {
    exchange.isRepeatable && !operation.isRepeated && operation.cancelReason == nil
      && operation.startedOutsideTransaction && PQtransactionStatus(connection) == PQTRANS_IDLE
  }
}

extension EncodedQuery {
  /// The three arrays that libpq wants for the parameters.
  func withParameterArrays<T>(
    _ body: (
      UnsafePointer<UnsafePointer<CChar>?>?, UnsafePointer<Int32>?, UnsafePointer<Int32>?
    ) -> T
  ) -> T {
    if fields.isEmpty { return body(nil, nil, nil) }
    // An empty value is not NULL, so it must not have a null pointer either.
    return (bytes.isEmpty ? [0] : bytes).withUnsafeBytes { storage in
      let base = storage.baseAddress!.assumingMemoryBound(to: CChar.self)
      let values = fields.map { $0.length < 0 ? nil : base + $0.offset }
      let lengths = fields.map { Int32(max(0, $0.length)) }
      let formats = fields.map { $0.isText ? Int32(0) : 1 }
      return body(values, lengths, formats)
    }
  }
}
