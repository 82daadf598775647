package import JobQueue
import Logging

/// `period.finalize`: freezes the ranking in a snapshot and sets off report and decision.
package struct FinalizePeriod: JobPayload {
  package static let kind = "period.finalize"
  // A ballot that is needed does not come by trying again soon; the dead letter says so.
  package static let options = JobOptions(
    queue: EmulationQueue.scores, maxAttempts: 5, timeout: .seconds(60))

  package var blocPeriod: BlocPeriodKey

  package init(blocPeriod: BlocPeriodKey) { self.blocPeriod = blocPeriod }

  package static func uniqueKey(_ key: BlocPeriodKey) -> String { "\(kind) \(key)" }

  package func run(_ store: EmulationStore, _ context: JobContext) async throws {
    switch try await store.close(blocPeriod) {
    case .closed(let snapshot):
      context.logger.info("\(blocPeriod) closed with snapshot \(snapshot)")
    case .waitsForResult:
      context.logger.info("\(blocPeriod) waits for the ranking of its newest figures")
    case .alreadyClosed(let state):
      throw JobControl.discard(reason: "\(blocPeriod) is \(state.rawValue) already")
    }
  }
}
