import CLibpq
import Dispatch
import Logging

extension ConnectionCore {
  /// From any thread: ends an operation, wherever it is.
  func cancel(_ ticket: OperationTicket) {
    ticket.markCancelled()
    queue.async { [self] in
      if let index = waiting.firstIndex(where: { $0.ticket === ticket }) {
        return waiting.remove(at: index).finish(.cancelledBeforeStart)
      }
      if let running, running.ticket === ticket { beginCancel(running, .requested) }
    }
  }

  /// From any thread: cancels what runs now, not what waits in line.
  func cancelRunning() {
    queue.async { [self] in
      if let running { beginCancel(running, .requested) }
    }
  }

  func checkAlarms(_ now: DispatchTime) {
    guard let operation = running else {
      guard let holdEnd = cancelHoldEnd, holdEnd <= now else { return }
      return end(.lost("the server did not answer a cancel request in time"))
    }
    guard operation.alarm <= now else { return }
    guard operation.cancelReason != nil else { return beginCancel(operation, .deadline) }
    if operation.graceEnd <= now { return giveUp(operation) }
    sendCancel(operation)
  }

  private func beginCancel(_ operation: Operation, _ reason: Operation.CancelReason) {
    guard operation.cancelReason == nil, case .ready = phase else { return }
    operation.cancelReason = reason
    operation.graceEnd = .now() + configuration.cancelGrace
    setTimer(for: operation.graceEnd)
    stopSending(operation)
    // A COPY may have ended its data, and even itself, just now.
    if running === operation { sendCancel(operation) }
  }

  private func stopSending(_ operation: Operation) {
    switch operation.work {
    case .pipeline(var exchange):
      exchange.stopFeeding()
      operation.work = .pipeline(exchange)
      advance()
    case .copyIn(let copy) where copy.state == .open: finishData(copy, "cancelled")
    default: break
    }
  }

  private func sendCancel(_ operation: Operation) {
    operation.nextCancel = .distantFuture
    guard cancelHoldEnd == nil else { return }
    if cancelHandle == nil, let connection { cancelHandle = CancelHandle(connection) }
    guard let cancelHandle else { return }
    cancelHoldEnd = operation.graceEnd
    cancelHandle.send { [weak self] failure in
      guard let self else { return }
      queue.async { self.cancelReturned(failure) }
    }
  }

  private func cancelReturned(_ failure: String?) {
    guard case .ready = phase else { return }
    cancelHoldEnd = nil
    if let failure { logger?.debug("cancel request failed", metadata: ["reason": "\(failure)"]) }
    if let operation = running, operation.cancelReason != nil {
      operation.nextCancel = .now() + DispatchTimeInterval.milliseconds(200)
      setTimer(for: operation.nextCancel)
    }
    startNext()
  }

  private func giveUp(_ operation: Operation) {
    var error = operation.explain(.lost("the server did not answer"))
    error.isConnectionLost = true
    end(error)
  }
}

extension Operation {
  var sql: String? {
    switch work {
    case .pipeline: nil
    case .script(let sql): sql
    case .copyIn(let copy): copy.sql
    }
  }

  /// Says of an error that this client caused by cancelling why it did so.
  func explain(_ error: DatabaseError) -> DatabaseError {
    guard let cancelReason, error.isConnectionLost || error.isByCancel else { return error }
    var own = error
    switch cancelReason {
    case .deadline:
      own.kind = .timeout
      own.message = DatabaseError.timedOut(after: timeout, "and was cancelled").message
    case .requested:
      own.kind = .cancelled
      own.message = "the statement was cancelled"
    }
    if error.isConnectionLost { own.message += "; the connection was given up: \(error.message)" }
    return own
  }
}

extension DatabaseError {
  /// A cancel request, or a COPY that this client ended itself.
  fileprivate var isByCancel: Bool { sqlState == "57014" }

  static let cancelledBeforeStart = DatabaseError(
    .cancelled, "cancelled before it was sent to the server")

  static let endedByServer = DatabaseError(
    .cancelled, "not sent, because its pipeline was cancelled")

  static let copyInQuery = DatabaseError(
    .misuse, "COPY … FROM STDIN needs copyIn(_:_:); COPY … TO STDOUT is not supported")

  static func timedOut(after timeout: Duration, _ phase: String) -> DatabaseError {
    DatabaseError(.timeout, "took longer than its limit of \(timeout) \(phase)")
  }
}
