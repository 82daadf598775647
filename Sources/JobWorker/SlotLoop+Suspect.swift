import JobQueue
import LibpqClient

// Jobs that were running when a worker died.
extension SlotLoop {
  /// Runs a suspect in a child process: whatever it does to that, this worker and its other jobs live on.
  func runAlone(
    _ kind: RegisteredKind, _ context: JobContext, _ place: Int, of batch: ClaimedBatch,
    in children: SuspectChildren
  ) async -> Ending {
    let child: SuspectChild
    do {
      child = try await children.borrow()
    } catch {
      // Never among others in this process.
      let outcome = JobOutcome(
        kind: .snooze, delay: .seconds(5), error: "no child process for a suspect: \(error)")
      tell(outcome, error, context, place, of: batch)
      return .goesOn
    }
    let started = Moment.now.nanoseconds
    seat.begin(context.id, deadline: kind.timeout == .max ? .max : started &+ kind.timeout)
    do {
      let result = try await child.run(
        suspect(context, place, batch), Attempt(batch: batch, place: place, pool: pool),
        grace: pool.shared.stopGrace * 0.7)
      await children.giveBack(child)
      guard let stop = seat.end() else { return endLate(nil, place, batch) }
      report(result.map(JobOutcome.succeed), place, batch)
      return stop == .none ? .goesOn : .spent
    } catch {
      await children.giveBack(child)
      return fail(error, kind, context, place, of: batch)
    }
  }

  private func suspect(
    _ context: JobContext, _ place: Int, _ batch: ClaimedBatch
  ) -> SuspectJob {
    let row = batch.firstRow + place
    let database = pool.shared.transactions.configuration
    return SuspectJob(
      lane: batch.key.lane, seq: batch.key.seq, id: context.id, attempt: context.attempt,
      crashes: context.crashes,
      enqueuedAt: batch.rows.integer(row: row, column: ClaimColumn.enqueuedAt) ?? 0,
      kind: batch.kind(place), queue: pool.queue,
      payload: text(batch, row, ClaimColumn.payload) ?? "",
      meta: text(batch, row, ClaimColumn.meta), schema: pool.shared.sql.schema,
      conninfo: database.conninfo, searchPath: database.searchPath, connections: 2)
  }

  private func text(_ batch: ClaimedBatch, _ row: Int, _ column: Int) -> String? {
    let cell = PayloadBytes(rows: batch.rows, row: row, column: column)
    return cell.isNull ? nil : try? cell.withJSON { String(decoding: $0, as: UTF8.self) }
  }
}
