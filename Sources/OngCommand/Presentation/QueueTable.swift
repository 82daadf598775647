import Foundation
import JobQueue

extension Table {
  /// `ong queues ls`.
  static func queues(_ queues: [QueueStatus], now: Date) -> Table {
    Table(
      columns: [
        .init(title: "QUEUE", minimumWidth: 10),
        .init(title: "STATE"),
        .init(title: "WAITING", alignment: .right),
        .init(title: "RUNNING", alignment: .right),
        .init(title: "SCHEDULED", alignment: .right, expendability: 2),
        .init(title: "RETRYING", alignment: .right),
        .init(title: "SNOOZED", alignment: .right, expendability: 3),
        .init(title: "PARKED", alignment: .right, expendability: 1),
        .init(title: "DEAD", alignment: .right),
        .init(title: "WORKERS", alignment: .right, expendability: 4),
        .init(title: "OLDEST", alignment: .right),
        .init(title: "BACK-PRESSURE", minimumWidth: 8, expendability: 5),
      ],
      rows: queues.map { queue in
        [queue.name, queue.isPaused ? "paused" : "active"]
          + [queue.waitingText]
          + [
            queue.running, queue.scheduled, queue.retrying, queue.snoozed, queue.parked, queue.dead,
            queue.workers,
          ].map { "\($0)" }
          + [
            DurationText.between(queue.oldestWaiting, and: now), queue.backpressure?.text ?? "–",
          ]
      })
  }
}

extension QueueStatus {
  /// The number of waiting jobs, with + where the server stopped counting.
  var waitingText: String { "\(waiting)" + (isWaitingCapped ? "+" : "") }
}

extension QueueBackpressure {
  /// `full: 1000 waiting or 5m 00s old`
  var text: String {
    let limits = [
      maxWaiting.map { "\($0) waiting" },
      maxAgeSeconds.map { "\(DurationText.short(.seconds($0))) old" },
    ].compactMap { $0 }.joined(separator: " or ")
    return (isFull ? "full: " : "up to ") + limits
  }
}
