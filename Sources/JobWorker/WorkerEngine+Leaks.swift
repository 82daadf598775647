import JobQueue
import Logging

// Jobs that do not end when they are asked to.
extension WorkerEngine {
  /// Gives up jobs whose timeout or cancellation is older than the grace: the job is reported, the
  /// slot goes on, and the handler is left to itself.
  func giveUpOverstaying(at now: Moment) {
    for (index, pool) in pools.enumerated() {
      for slot in pool.slots {
        guard let (id, why) = slot.overstaying(settings.stopGrace, at: now) else { continue }
        giveUp(id, why, slot, queue: index, at: now)
      }
    }
  }

  private func giveUp(
    _ id: Int64, _ why: StopReason, _ slot: Slot, queue: Int, at now: Moment
  ) {
    let jobs = slot.ids(of: id).compactMap(running)
    // None found: it is just being committed by its own transaction, which ends by itself.
    guard let kind = jobs.first.map({ $0.0.kind($0.1) }),
      slot.abandon(id, in: pools[queue])
    else { return }
    shared.leaks.begun()
    shared.counters.countLeak()
    logger.error(
      "a handler hangs, its slot goes on without it",
      metadata: [
        "job": "\(id)", "kind": "\(kind)", "why": "\(why)", "hanging": "\(shared.leaks.now)",
      ])
    for (batch, place) in jobs {
      let outcome = overstayed(batch, place, kind, why)
      if batch.finish(place, outcome) != .dropped { shared.counters.count(outcome.kind) }
      note(batch, at: now)
    }
    if shared.leaks.now >= settings.leakLimit { leakedTooMuch(kind) }
  }

  private func overstayed(
    _ batch: ClaimedBatch, _ place: Int, _ kind: String, _ why: StopReason
  ) -> JobOutcome {
    let failure = Failure(
      error: HandlerHangs(), attempt: batch.attempt(batch.firstRow + place),
      options: shared.kinds[kind]?.options ?? JobOptions(), stop: why)
    var generator = SystemRandomNumberGenerator()
    return failure.outcome(using: &generator)
  }

  private func running(_ id: Int64) -> (ClaimedBatch, Int)? {
    for entry in open.values {
      if let place = entry.batch.runningPlace(of: id) { return (entry.batch, place) }
    }
    return nil
  }

  private func leakedTooMuch(_ kind: String) {
    guard failure == nil else { return }
    let error = WorkerLeaked(handlers: shared.leaks.now, kind: kind)
    failure = error
    logger.critical("the worker drains", metadata: ["error": "\(error)"])
    shutDown(grace: settings.grace)
  }
}

/// The handler did not end within the grace after its timeout.
struct HandlerHangs: Error {}
