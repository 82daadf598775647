import CLibpq
import Dispatch

extension ConnectionCore {
  /// Waits until the server takes data and what was put before is on its way.
  func awaitCopyReady(
    _ operation: Operation, _ body: @escaping @Sendable (DatabaseError?) -> Void
  ) {
    queue.async { [self] in
      guard case .copyIn(let copy) = operation.work else { return }
      copy.awaitReady(body)
      guard running === operation else { return }
      beginPatience(operation)
      advance()
    }
  }

  /// Hands one chunk over; `awaitCopyReady` says when the next may come.
  func putCopyData(_ operation: Operation, _ bytes: [UInt8]) {
    queue.async { [self] in
      guard running === operation, case .copyIn(let copy) = operation.work, copy.state == .open,
        operation.cancelReason == nil
      else { return }
      let sent = bytes.withUnsafeBytes {
        PQputCopyData(connection, $0.baseAddress, Int32($0.count))
      }
      if sent != 1 { inputFailed() }
    }
  }

  /// Ends the data; with a reason, the server undoes the whole COPY.
  func endCopy(_ operation: Operation, failingWith reason: String?) {
    queue.async { [self] in
      guard running === operation, case .copyIn(let copy) = operation.work, copy.state == .open
      else { return }
      beginPatience(operation)
      finishData(copy, reason)
    }
  }

  func advanceCopy(_ operation: Operation) {
    guard case .copyIn(let copy) = operation.work, flush() else { return }
    switch copy.state {
    case .starting: receiveCopyStart(operation, copy)
    case .open: ready(operation, copy)
    case .ending: receiveCopyEnd(operation)
    }
  }

  func finishData(_ copy: CopyIn, _ reason: String?) {
    copy.state = .ending
    guard PQputCopyEnd(connection, reason) == 1 else { return inputFailed() }
    advance()
  }

  private func receiveCopyStart(_ operation: Operation, _ copy: CopyIn) {
    guard PQisBusy(connection) == 0 else { return }
    guard let result = PQgetResult(connection) else {
      return receiveCopyEnd(operation)
    }
    if PQresultStatus(result) == PGRES_COPY_IN {
      PQclear(result)
      copy.state = .open
      if operation.cancelReason != nil { return finishData(copy, "cancelled") }
      return ready(operation, copy)
    }
    copy.state = .ending
    if PQresultStatus(result) == PGRES_TUPLES_OK || PQresultStatus(result) == PGRES_COMMAND_OK {
      PQclear(result)
      operation.failure = .misuse("copyIn needs a COPY … FROM STDIN statement")
    } else if PQresultStatus(result) == PGRES_FATAL_ERROR {
      take(result, operation)
    } else {
      PQclear(result)
      return end(.misuse("copyIn needs a COPY … FROM STDIN statement"))
    }
    receiveCopyEnd(operation)
  }

  private func receiveCopyEnd(_ operation: Operation) {
    while PQisBusy(connection) == 0 {
      guard let result = PQgetResult(connection) else { return finishCopy(operation) }
      take(result, operation)
    }
  }

  private func finishCopy(_ operation: Operation) {
    guard case .copyIn(let copy) = operation.work else { return }
    finishRunning { operation in
      let outcome = operation.failure ?? (operation.result == nil ? .endedByServer : nil)
      if let outcome {
        copy.fail(outcome)
        return operation.completion([.failure(outcome)])
      }
      copy.fail(.endedByServer)
      operation.completion(operation.result.map { [.success($0)] } ?? [])
    }
  }

  /// The deadline of a COPY is for each step in which the server is waited for; while the data is
  /// waited for there is none, since it may come slowly and that is no fault of the server.
  private func beginPatience(_ operation: Operation) {
    guard operation.cancelReason == nil else { return }
    operation.deadline = .now() + operation.timeout
    setTimer(for: operation.deadline)
  }

  private func ready(_ operation: Operation, _ copy: CopyIn) {
    guard copy.isAwaited else { return }
    operation.deadline = .distantFuture
    copy.ready()
  }
}
