import Foundation
public import LibpqClient

/// What became of a signal.
public enum SignalDelivery: String, Sendable, Hashable, CaseIterable {
  /// A step waited for it and has ended.
  case taken
  /// Nobody waits for it yet; it is kept for the first that will.
  case kept
}

extension JobQueue {
  /// Sends a signal to one workflow, where one `wait` takes it; committed or rolled back with the
  /// caller's transaction.
  ///
  /// - Parameter payload: what steps after the wait read as its result.
  /// - Throws: `JobQueueError.Code.jobNotFound` for a workflow that is not known or does not run any
  ///   more.
  @discardableResult
  public func sendSignal(
    _ signal: String, to workflow: Int64, payload: some Encodable & Sendable = JSONValue.null,
    in connection: Connection? = nil
  ) async throws -> SignalDelivery {
    try await send(
      "select \(sql("send_signal"))($1, $2, $3::text::jsonb)",
      [workflow, signal, try PayloadCoding.encode(payload)], in: connection)
  }

  /// Tells an outside event, such as `payment` of `order 7`, to the workflow that waits for it longest,
  /// or keeps it for the first that will. Kept events are forgotten after the setting `keep_events`.
  @discardableResult
  public func sendEvent(
    _ event: String, key: String, payload: some Encodable & Sendable = JSONValue.null,
    in connection: Connection? = nil
  ) async throws -> SignalDelivery {
    try await send(
      "select \(sql("send_event"))($1, $2, $3::text::jsonb)",
      [event, key, try PayloadCoding.encode(payload)], in: connection)
  }

  private func send(
    _ statement: String, _ parameters: [any SQLParameter], in connection: Connection?
  ) async throws -> SignalDelivery {
    let answer = try await run(statement, parameters, in: connection)[0, 0].decode(String.self)
    return answer == SignalDelivery.taken.rawValue ? .taken : .kept
  }
}
