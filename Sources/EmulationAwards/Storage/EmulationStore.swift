import Foundation
public import JobQueue
public import LibpqClient

/// The domain in PostgreSQL, in the schema `emulation`. Every write that has a consequence enqueues
/// the job for it in its own transaction.
public struct EmulationStore: EmulationStorage {
  /// Where it is announced that figures or results changed; the payload is a key's description,
  /// `HDT/2023`.
  public static let changeChannel = "emulation_changed"

  let pool: ConnectionPool
  let queue: JobQueue
  let settings: EmulationSettings

  /// - Parameters:
  ///   - pool: connections to the database that holds the schema `emulation` and the queue.
  ///   - queue: the queue of the same database.
  public init(pool: ConnectionPool, queue: JobQueue, settings: EmulationSettings = .init()) {
    self.pool = pool
    self.queue = queue
    self.settings = settings
  }

  /// Makes the queues of the domain's jobs; does nothing for those that exist.
  public func createQueues() async throws {
    for name in EmulationQueue.all { try await queue.createQueue(name) }
  }

  public func blocPeriods() async throws -> [BlocPeriod] {
    try await read { try await $0.blocPeriods() }
  }

  public func blocPeriod(_ key: BlocPeriodKey) async throws -> BlocPeriod {
    try await read { try await $0.blocPeriod(key) }
  }

  public func members(of key: BlocPeriodKey) async throws -> [EmulationUnit] {
    try await read { rows in
      _ = try await rows.blocPeriod(key)
      return try await rows.members(of: key)
    }
  }

  public func scheme(of key: BlocPeriodKey) async throws -> ScoringScheme {
    try await read { rows in
      let period = try await rows.blocPeriod(key)
      return try await rows.scheme(period.schemeCode, version: period.schemeVersion)
    }
  }

  public func ranking(of key: BlocPeriodKey) async throws -> Ranking? {
    try await read { rows in
      _ = try await rows.blocPeriod(key)
      return try await rows.newestRanking(of: key)
    }
  }

  public func sheet(
    of unit: String, in key: BlocPeriodKey, stage: SheetStage
  ) async throws -> SelfScoreSheet {
    try await read { rows in
      _ = try await rows.blocPeriod(key)
      try await rows.requireMember(unit, of: key)
      return try await rows.sheet(of: unit, in: key, stage: stage)
    }
  }

  public func submission(
    of unit: String, in key: BlocPeriodKey, stage: SheetStage
  ) async throws -> SheetSubmission? {
    try await read { try await $0.submission(of: unit, in: key, stage: stage) }
  }

  public func reports(of key: BlocPeriodKey) async throws -> [ReportArtefact] {
    try await read { try await $0.artefacts(of: key) }
  }

  public func decisions(of key: BlocPeriodKey) async throws -> [Decision] {
    try await read { try await $0.decisions(of: key) }
  }

  public func notices(of key: BlocPeriodKey) async throws -> [Notice] {
    try await read { try await $0.notices(of: key) }
  }

  public func snapshot(_ id: Int64) async throws -> ReportSnapshot {
    try await read { try await $0.snapshot(id) }
  }

  /// Reads from one consistent snapshot: a page never shows half of an edit.
  func read<Value>(_ body: (EmulationRows) async throws -> Value) async throws -> Value {
    try await pool.withTransaction(isolation: .repeatableRead) {
      try await body(EmulationRows(connection: $0))
    }
  }

  func write<Value>(_ body: (EmulationRows) async throws -> Value) async throws -> Value {
    try await pool.withTransaction { try await body(EmulationRows(connection: $0)) }
  }
}
