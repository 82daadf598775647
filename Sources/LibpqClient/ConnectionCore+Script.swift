import CLibpq

// Scripts and COPY use the simple protocol, outside of pipeline mode.
extension ConnectionCore {
  func startScript(_ operation: Operation, _ sql: String) {
    guard PQsendQuery(connection, sql) == 1 else { return inputFailed() }
    advance()
  }

  func advanceScript(_ operation: Operation) {
    // Until all of a long script is out, its first results wait inside libpq.
    guard flush() else { return }
    while PQisBusy(connection) == 0 {
      guard let result = PQgetResult(connection) else { return finishScript() }
      switch PQresultStatus(result) {
      case PGRES_COPY_IN, PGRES_COPY_OUT, PGRES_COPY_BOTH:
        PQclear(result)
        return end(.copyInQuery)
      default: take(result, operation)
      }
    }
  }

  /// Keeps the last result and the first failure.
  func take(_ result: OpaquePointer, _ operation: Operation) {
    switch PQresultStatus(result) {
    case PGRES_TUPLES_OK, PGRES_COMMAND_OK, PGRES_EMPTY_QUERY:
      operation.result = QueryResult(owning: result)
    default:
      defer { PQclear(result) }
      guard operation.failure == nil else { return }
      operation.failure = operation.explain(DatabaseError(result: result, sql: operation.sql))
    }
  }

  private func finishScript() {
    finishRunning { operation in
      if let failure = operation.failure { return operation.completion([.failure(failure)]) }
      operation.completion(operation.result.map { [.success($0)] } ?? [])
    }
  }
}
