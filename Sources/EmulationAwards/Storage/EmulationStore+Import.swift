import Foundation
import JobQueue
import LibpqClient

/// What an import did.
public struct SampleImport: Hashable, Sendable {
  public let key: BlocPeriodKey
  /// Units whose sheet was sent now.
  public let sent: [String]
  /// Units whose stored sheet is equal to the sample's.
  public let unchanged: [String]
  /// Units that have another sheet, sent by somebody else; it was left as it is.
  public let kept: [String]
  /// The period's state after the import.
  public let state: PeriodState
}

extension EmulationStore {
  /// Brings a sample in as if its people had worked with the forms: bloc, period, scheme, members
  /// and recipients in one transaction, then each unit's sheet in its own.
  ///
  /// May be repeated, also after it was interrupted: what is there stays, a sheet that somebody has
  /// edited is never overwritten, and a closed period is not touched at all. Throws
  /// ``EmulationError/refused(_:)`` if the scheme's version is stored with other content.
  ///
  /// - Parameter closing: ask for the period to be closed after the last sheet; see
  ///   ``requestClosing(of:)``. Default: false.
  public func importSample(_ sample: SampleData, closing: Bool = false) async throws -> SampleImport
  {
    let isClosed = try await importCatalogue(of: sample)
    var (sent, unchanged, kept): ([String], [String], [String]) = ([], [], [])
    for sheet in sample.sheets {
      let stored = try await self.sheet(of: sheet.unit, in: sample.key, stage: sheet.stage)
      if stored.revision > 0 || isClosed {
        if stored.figures == sheet.figures {
          unchanged.append(sheet.unit)
        } else {
          kept.append(sheet.unit)
        }
      } else {
        try await submitSheet(sheet)
        sent.append(sheet.unit)
      }
    }
    if closing { try await requestClosing(of: sample.key) }
    return SampleImport(
      key: sample.key, sent: sent, unchanged: unchanged, kept: kept,
      state: try await blocPeriod(sample.key).state)
  }

  /// Whether the period was closed already, in which case nothing was written.
  private func importCatalogue(of sample: SampleData) async throws -> Bool {
    try await write { rows in
      if try await rows.isClosed(sample.key) { return true }
      try await rows.storeUnits(sample)
      try await rows.storeScheme(sample.scheme)
      let isNew = try await rows.storeBlocPeriod(sample)
      // The lock that every writer of this bloc and period takes before anything that counts.
      _ = try await rows.lockBlocPeriod(sample.key)
      let isChanged = try await rows.storeStanding(sample)
      try await rows.storeRecipients(sample)
      if isNew { _ = try await rows.storeDraft(sample.decision, for: sample.key) }
      if isChanged {
        _ = try await rows.bumpInputRevision(of: sample.key)
        try await enqueueRecalculation(of: sample.key, in: rows)
      }
      return false
    }
  }
}
