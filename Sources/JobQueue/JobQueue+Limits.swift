import Foundation
import LibpqClient

extension JobQueue {
  /// Sets all limits of a queue, from the next claim on; sleeping workers wake.
  ///
  /// Setting or taking away `keyOrder` moves the waiting jobs, in one transaction that keeps claims
  /// of the queue waiting.
  ///
  /// - Throws: `JobQueueError` with `badArgument` for numbers out of range, `unknownQueue`.
  public func setLimits(_ limits: QueueLimits, of queue: String) async throws {
    let json = String(decoding: try JSONEncoder().encode(limits), as: UTF8.self)
    _ = try await run("select \(sql("set_limits"))($1, $2::jsonb)", [queue, json])
  }

  /// The limits of a queue.
  public func limits(of queue: String) async throws -> QueueLimits {
    let json = try await run("select \(sql("queue_limits"))($1)", [queue])[0, 0]
      .decode(JSONText.self)
    return try JSONDecoder().decode(QueueLimits.self, from: Data(json.text.utf8))
  }
}
