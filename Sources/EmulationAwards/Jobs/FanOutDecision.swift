package import JobQueue
import Logging

/// `decision.fanout`: writes down who is told of a decision and enqueues one `award.notify` each.
/// May run again at any time: what is written down already stays as it is.
package struct FanOutDecision: JobPayload {
  package static let kind = "decision.fanout"
  package static let options = JobOptions(queue: EmulationQueue.notices, priority: .high)

  package var decision: Int64

  package init(decision: Int64) { self.decision = decision }

  package func run(_ store: EmulationStore, _ context: JobContext) async throws {
    let count = try await store.fanOut(decision)
    context.logger.info("\(count) notices of decision \(decision) queued")
  }
}
