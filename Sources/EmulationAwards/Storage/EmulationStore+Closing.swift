import Foundation
import JobQueue
import LibpqClient

/// What closing a period came to.
package enum ClosingOutcome: Hashable {
  case closed(snapshot: Int64)
  /// Figures changed after the request; the recalculation that is on its way will close.
  case waitsForResult
  case alreadyClosed(PeriodState)
}

extension EmulationStore {
  /// Asks for the period to be closed with the figures of now: as soon as the ranking is up to date,
  /// a job freezes it in a snapshot, has the report rendered and issues the decisions that wait as
  /// drafts. Stages that were not gone through are passed over. Does nothing for a period that is
  /// closed already; throws ``EmulationError/refused(_:)`` for one that has not come to scoring.
  public func requestClosing(of key: BlocPeriodKey) async throws {
    try await write { rows in
      let period = try await rows.lockBlocPeriod(key)
      if period.state.isFinal { return }
      try period.checkCanBeClosed()
      try await rows.setClosingRevision(period.inputRevision, of: key)
      if try await rows.newestResultRevision(of: key) == period.inputRevision {
        try await enqueueClosing(of: key, in: rows)
      } else {
        try await enqueueRecalculation(of: key, in: rows)
      }
    }
  }

  func enqueueClosing(of key: BlocPeriodKey, in rows: EmulationRows) async throws {
    try await queue.enqueue(
      FinalizePeriod(blocPeriod: key), unique: .key(FinalizePeriod.uniqueKey(key)),
      in: rows.connection)
  }

  /// Freezes the ranking and sets off everything that follows, in one transaction.
  ///
  /// Throws ``BallotNeeded`` if equal ranks stand across the edge of an award; nothing has happened
  /// then.
  package func close(_ key: BlocPeriodKey) async throws -> ClosingOutcome {
    try await write { rows in
      let period = try await rows.lockBlocPeriod(key)
      if period.state.isFinal { return .alreadyClosed(period.state) }
      try period.checkCanBeClosed()
      guard let ranking = try await rows.newestRanking(of: key),
        ranking.inputRevision == period.inputRevision
      else {
        try await rows.setClosingRevision(period.inputRevision, of: key)
        try await enqueueRecalculation(of: key, in: rows)
        return .waitsForResult
      }
      let snapshot = try await freeze(ranking, of: period, in: rows)
      try await issueDrafts(of: key, ranking, snapshot, in: rows)
      return .closed(snapshot: snapshot)
    }
  }

  private func freeze(
    _ ranking: Ranking, of period: BlocPeriod, in rows: EmulationRows
  ) async throws -> Int64 {
    let content = SnapshotContent(
      blocPeriod: period,
      scheme: try await rows.scheme(ranking.schemeCode, version: ranking.schemeVersion),
      ranking: ranking, document: try await rows.documentDetails(of: period.key), takenAt: Date())
    let snapshot = try await rows.storeSnapshot(content)
    try await rows.advance(period.key, from: period.state, to: .finalized)
    try await rows.announceChange(of: period.key)
    try await queue.enqueue(RenderReport(snapshot: snapshot), in: rows.connection)
    return snapshot
  }

  private func issueDrafts(
    of key: BlocPeriodKey, _ ranking: Ranking, _ snapshot: Int64, in rows: EmulationRows
  ) async throws {
    let drafts = try await rows.draftDecisions(of: key)
    for draft in drafts {
      let awards = try draft.quota.awards(for: ranking)
      try await rows.issueDecision(draft.id, on: snapshot, awards: awards)
      try await queue.enqueue(FanOutDecision(decision: draft.id), in: rows.connection)
    }
    if !drafts.isEmpty { try await rows.advance(key, from: .finalized, to: .published) }
  }
}

extension EmulationRows {
  /// The input revision from which on the period is to be closed; nil if nobody has asked.
  func closingRevision(of key: BlocPeriodKey) async throws -> Int64? {
    try await query(
      "select close_at from emulation.bloc_period where bloc = $1 and period = $2",
      [key.bloc, key.period])[0, 0].decode(Int64?.self)
  }

  func setClosingRevision(_ revision: Int64, of key: BlocPeriodKey) async throws {
    try await query(
      "update emulation.bloc_period set close_at = $3 where bloc = $1 and period = $2",
      [key.bloc, key.period, revision])
  }
}

extension BlocPeriod {
  fileprivate func checkCanBeClosed() throws {
    guard !state.canBeClosed else { return }
    throw EmulationError.refused(
      LocalizedText(
        vi:
          "Khối \(bloc.code), kỳ \(period.code) đang ở trạng thái “\(state.label.vi)”, chưa chốt được",
        en: "\(key) is in the state “\(state.label.en)” and cannot be closed yet"))
  }
}
