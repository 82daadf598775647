import Foundation
import JobQueue
import LibpqClient

/// Under what name a worker settles.
struct WorkerIdentity: Sendable, Hashable, Codable {
  var epoch: UUID
  var session: Int32
}

/// Keeps a job from being reported, given up or counted twice while its own transaction settles it.
protocol CommitControl: Sendable {
  /// Throws `JobTransactionError` where the job is not the attempt's to settle any more.
  func begin() async throws -> WorkerIdentity
  func end(_ fate: CommitFate) async
  /// Finds out what became of a commit whose answer was lost, and ends it so.
  func decide(_ worker: WorkerIdentity) async -> CommitFate
}

/// A handler's transaction that also settles its job.
struct JobTransaction<Control: CommitControl>: Sendable {
  let key: ClaimKey
  let id: Int64
  let sql: QueueSQL
  let control: Control
  /// The kind's result as JSON; throws where the value is none.
  let encode: @Sendable (Any) throws -> String?

  func run<T>(
    on pool: ConnectionPool, _ body: (Connection) async throws -> T
  ) async throws -> T {
    var value: T?
    var worker: WorkerIdentity?
    do {
      let result = try await pool.withConnection { connection in
        try await connection.transaction { connection in
          let made = try await body(connection)
          value = made
          return made
        } last: { made in
          let json = try encode(made)
          let identity = try await control.begin()
          worker = identity
          return settlement(json).request(sql, epoch: identity.epoch, session: identity.session)
        }
      }
      await control.end(.committed)
      return result
    } catch let error as DatabaseError {
      guard let worker else { throw error }
      if error.isCommitUnknown, let value { return try await decided(value, worker) }
      await control.end(.rolledBack)
      if let refusal = JobQueueError(error), refusal.code.isRefusal {
        throw JobTransactionError.refused(refusal.description)
      }
      throw error
    }
  }

  /// The claim stays open: the worker closes it when all of its jobs have ended.
  private func settlement(_ result: String?) -> Settlement {
    Settlement(
      key: key, ids: [id], isWhole: false, isFinal: false,
      notes: result.map { [.init(id: id, .succeed($0))] } ?? [])
  }

  private func decided<T>(_ value: T, _ worker: WorkerIdentity) async throws -> T {
    switch await control.decide(worker) {
    case .committed: return value
    case .rolledBack: throw JobTransactionError.notCommitted
    case .lost: throw JobTransactionError.outcomeUnknown
    }
  }
}

extension JobQueueError.Code {
  fileprivate var isRefusal: Bool {
    self == .workerDead || self == .staleSession || self == .claimNotOwned
  }
}
