package import JobQueue
import Logging

/// `score.recalculate`: computes the ranking of one bloc and period anew. Relative scores make every
/// unit's points depend on every other unit's, so there is nothing smaller to compute.
package struct RecalculateScore: JobPayload {
  package static let kind = "score.recalculate"
  package static let options = JobOptions(
    queue: EmulationQueue.scores, priority: .high, timeout: .seconds(60))

  package var blocPeriod: BlocPeriodKey

  package init(blocPeriod: BlocPeriodKey) { self.blocPeriod = blocPeriod }

  /// One waits at most for each bloc and period.
  package static func uniqueKey(_ key: BlocPeriodKey) -> String { "\(kind) \(key)" }

  package func run(_ store: EmulationStore, _ context: JobContext) async throws {
    switch try await store.recalculate(blocPeriod) {
    case .stored(let revision):
      context.logger.info("ranking of \(blocPeriod) computed from input revision \(revision)")
    case .outdated(let newest):
      throw JobControl.discard(
        reason: "the ranking of \(blocPeriod) is already there for input revision \(newest)")
    case .refused(let state):
      throw JobControl.discard(reason: "\(blocPeriod) is \(state.rawValue): figures are frozen")
    }
  }
}
