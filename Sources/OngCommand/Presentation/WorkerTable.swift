import Foundation
import JobQueue

extension Table {
  /// `ong workers ls`. A worker is named by the first letters of its epoch.
  static func workers(_ workers: [WorkerStatus], now: Date) -> Table {
    Table(
      columns: [
        .init(title: "WORKER"),
        .init(title: "STATE"),
        .init(title: "HOST", minimumWidth: 8),
        .init(title: "PID", alignment: .right),
        .init(title: "BUSY", alignment: .right),
        .init(title: "QUEUES", minimumWidth: 10, expendability: 2),
        .init(title: "HEARTBEAT", alignment: .right),
        .init(title: "UP", alignment: .right, expendability: 1),
        .init(title: "VERSION", expendability: 3),
      ],
      rows: workers.map { worker in
        [
          worker.shortName, worker.stateWord, worker.host, "\(worker.processID)",
          "\(worker.busy)/\(worker.slots)", worker.queues.joined(separator: ","),
          DurationText.between(worker.lastHeartbeat, and: now) + " ago",
          DurationText.between(worker.startedAt, and: now), worker.version,
        ]
      })
  }
}

extension WorkerStatus {
  /// The first eight letters of the epoch: enough to name it among the workers of a database.
  var shortName: String { String(epoch.uuidString.lowercased().prefix(8)) }

  var stateWord: String {
    if !isConnected { return "lost" }
    return isDraining ? "draining" : "working"
  }
}
