import Foundation
import JobQueue
import LibpqClient

/// One running job, as its handler's context reaches the worker through it. Three words, so that it
/// costs the common job no allocation.
struct Attempt: AttemptServices {
  let batch: ClaimedBatch
  let place: Int
  let pool: SlotPool

  private var shared: SlotShared { pool.shared }
  var id: Int64 { batch.id(place) }

  func transaction<T>(
    on own: ConnectionPool?, _ body: (Connection) async throws -> T
  ) async throws -> T {
    let kind = shared.kinds[batch.kind(place)]
    let transaction = JobTransaction(
      key: batch.key, id: id, sql: shared.sql, control: LocalCommit(attempt: self),
      encode: { try kind?.result.encode($0) })
    return try await transaction.run(on: own ?? shared.transactions, body)
  }

  func report(fraction: Double?, note: String?) {
    shared.progress.report(
      ProgressBoard.Report(
        key: batch.key, id: id, attempt: batch.attempt(batch.firstRow + place),
        fraction: fraction, note: note))
  }

  func saveCheckpoint(_ json: String) async throws {
    let worker = shared.worker
    do {
      try await shared.transactions.query(
        "select \(shared.sql("save_checkpoint"))($1, $2, $3, $4, $5, $6, $7)",
        [
          worker.epoch, worker.session, batch.key.lane, batch.key.seq, id,
          Int16(clamping: batch.attempt(batch.firstRow + place)), JSONText(json),
        ])
    } catch let error as DatabaseError {
      throw JobQueueError(error) ?? error
    }
  }

  func loadCheckpoint() async throws -> String? {
    let rows = try await shared.transactions.query(
      "select \(shared.sql("load_checkpoint"))($1)::text", [id])
    return try rows[0, 0].decode(String?.self)
  }
}

/// A commit of a job that runs in this process.
struct LocalCommit: CommitControl {
  let attempt: Attempt

  func begin() async throws -> WorkerIdentity {
    try attempt.batch.beginCommit(attempt.place)
    return attempt.pool.shared.worker
  }

  func end(_ fate: CommitFate) async {
    attempt.batch.endCommit(attempt.place, fate)
    tell(fate)
  }

  func decide(_ worker: WorkerIdentity) async -> CommitFate {
    let doubt = InDoubt(batch: attempt.batch, place: attempt.place, session: worker.session)
    let fate = await attempt.pool.shared.decide(doubt)
    attempt.batch.endCommit(attempt.place, fate)
    tell(fate)
    return fate
  }

  private func tell(_ fate: CommitFate) {
    guard fate == .committed else { return }
    attempt.pool.shared.counters.count(nil)
    attempt.pool.shared.outbox.post(attempt.batch)
  }
}
