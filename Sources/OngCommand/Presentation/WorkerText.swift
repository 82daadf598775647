import Foundation
import JobQueue

/// How a person names a worker: by the first letters of its epoch.
enum WorkerName {
  static func find(_ name: String, in workers: [WorkerStatus]) throws -> WorkerStatus {
    let found = workers.filter { $0.epoch.uuidString.lowercased().hasPrefix(name.lowercased()) }
    if found.count == 1 { return found[0] }
    if found.isEmpty || name.isEmpty {
      throw CommandFailure(
        .notFound, "there is no worker '\(name)'", advice: "see 'ong workers ls'")
    }
    throw CommandFailure(
      .usage, "'\(name)' names \(found.count) workers", advice: "give more letters of the epoch")
  }
}

/// `ong workers show`
enum WorkerText {
  static func lines(_ worker: WorkerStatus, now: Date) -> [String] {
    var facts = FactList()
    facts.add("worker", worker.epoch.uuidString.lowercased())
    facts.add("state", worker.stateWord)
    facts.add("host", worker.host)
    facts.add("pid", worker.processID)
    facts.add("version", worker.version)
    facts.add("busy", "\(worker.busy) of \(worker.slots) slots")
    facts.add("started", TimeText.moment(worker.startedAt, now: now))
    facts.add("heartbeat", TimeText.moment(worker.lastHeartbeat, now: now))
    facts.add("queues", worker.queues.joined(separator: ", "))
    facts.add("kinds", worker.kinds.joined(separator: ", "))
    return facts.lines
  }
}
