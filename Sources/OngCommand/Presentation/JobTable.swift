import Foundation
import JobQueue

extension Table {
  /// `ong jobs ls`.
  static func jobs(_ jobs: [JobSummary], now: Date) -> Table {
    Table(
      columns: [
        .init(title: "ID", alignment: .right),
        .init(title: "STATE"),
        .init(title: "QUEUE", minimumWidth: 8),
        .init(title: "KIND", minimumWidth: 12),
        .init(title: "PRIORITY", expendability: 3),
        .init(title: "ATTEMPT", alignment: .right, expendability: 1),
        .init(title: "AGE", alignment: .right),
        .init(title: "RUNS IN", alignment: .right, expendability: 2),
        .init(title: "ERROR", minimumWidth: 12, expendability: 4),
      ],
      rows: jobs.map { job in
        [
          "\(job.id)", job.state.rawValue, job.queue, job.kind, "\(job.priority)", "\(job.attempt)",
          DurationText.between(job.enqueuedAt, and: now),
          job.runAt.map { DurationText.between(now, and: $0) } ?? "",
          job.error ?? "",
        ]
      })
  }

  /// `ong dead ls`.
  static func dead(_ jobs: [DeadJob], now: Date) -> Table {
    Table(
      columns: [
        .init(title: "ID", alignment: .right),
        .init(title: "QUEUE", minimumWidth: 8),
        .init(title: "KIND", minimumWidth: 12),
        .init(title: "ATTEMPTS", alignment: .right),
        .init(title: "CRASHES", alignment: .right, expendability: 1),
        .init(title: "DIED", alignment: .right),
        .init(title: "ERROR", minimumWidth: 20),
      ],
      rows: jobs.map { job in
        [
          "\(job.id)", job.queue, job.kind, "\(job.attempt)", "\(job.crashes)",
          DurationText.between(job.diedAt, and: now) + " ago", job.error ?? "",
        ]
      })
  }
}
