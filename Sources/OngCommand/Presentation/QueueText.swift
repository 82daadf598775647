import Foundation
import JobQueue

/// `ong queues show`
enum QueueText {
  static func lines(_ queue: QueueStatus, now: Date) -> [String] {
    var facts = FactList()
    facts.add("queue", queue.name)
    facts.add(
      "state",
      queue.pausedAt.map { "paused since " + TimeText.moment($0, now: now) } ?? "active")
    facts.add("workers", queue.workers)
    facts.add("waiting", queue.waitingText)
    facts.add("running", queue.running)
    facts.add("scheduled", queue.scheduled)
    facts.add("retrying", queue.retrying)
    facts.add("snoozed", queue.snoozed)
    facts.add("parked", queue.parked)
    facts.add("dead", queue.dead)
    facts.add("oldest waiting", queue.oldestWaiting.map { DurationText.between($0, and: now) })
    facts.add("back-pressure", queue.backpressure?.text)
    return facts.lines
  }
}
