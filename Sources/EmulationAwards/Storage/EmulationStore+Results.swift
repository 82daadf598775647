import Foundation
import JobQueue
import LibpqClient

/// What a recalculation came to.
package enum RecalculationOutcome: Hashable {
  /// A new result set is there.
  case stored(inputRevision: Int64)
  /// A result of this or a newer input revision was there already; this one is thrown away.
  case outdated(newest: Int64)
  /// The period is final: nothing is computed any more.
  case refused(PeriodState)
}

extension EmulationStore {
  /// Reads one consistent snapshot, computes, and stores the result unless it is too old.
  package func recalculate(_ key: BlocPeriodKey) async throws -> RecalculationOutcome {
    let period = try await waitForWriters(of: key)
    if period.state.isFinal { return .refused(period.state) }
    let input = try await read { try await $0.scoringInput(for: key) }
    return try await store(try Ranking(computedFrom: input, at: Date()))
  }

  /// An edit that joined this job while it waited may not have committed yet. It holds the period's
  /// lock from before it enqueued, so it is over once the lock can be had, and the snapshot that is
  /// taken afterwards sees it.
  private func waitForWriters(of key: BlocPeriodKey) async throws -> BlocPeriod {
    try await write { try await $0.lockBlocPeriod(key) }
  }

  package func store(_ ranking: Ranking) async throws -> RecalculationOutcome {
    try await write { rows in
      let key = ranking.blocPeriod
      let period = try await rows.lockBlocPeriod(key)
      if period.state.isFinal { return .refused(period.state) }
      if let newest = try await rows.newestResultRevision(of: key),
        newest >= ranking.inputRevision
      {
        return .outdated(newest: newest)
      }
      try await rows.storeRanking(ranking)
      if let wanted = try await rows.closingRevision(of: key), ranking.inputRevision >= wanted {
        try await enqueueClosing(of: key, in: rows)
      }
      return .stored(inputRevision: ranking.inputRevision)
    }
  }
}
