import Foundation
import JobQueue

/// `ong workflows show`
enum WorkflowText {
  static func lines(_ workflow: WorkflowStory, now: Date) -> [String] {
    var facts = FactList()
    facts.add("workflow", workflow.id)
    facts.add("name", workflow.name)
    facts.add("state", workflow.state.rawValue)
    facts.add("steps left", workflow.stepsLeft)
    facts.add("created", TimeText.moment(workflow.createdAt, now: now) + " by \(workflow.actor)")
    facts.add("ended", workflow.endedAt.map { TimeText.moment($0, now: now) })
    return facts.lines + [""]
  }
}

extension Table {
  /// `ong workflows ls`.
  static func workflows(_ workflows: [WorkflowSummary], now: Date) -> Table {
    Table(
      columns: [
        .init(title: "ID", alignment: .right), .init(title: "STATE"),
        .init(title: "NAME", minimumWidth: 10),
        .init(title: "STEPS", alignment: .right), .init(title: "LEFT", alignment: .right),
        .init(title: "FAILED", alignment: .right),
        .init(title: "AGE", alignment: .right, expendability: 1),
      ],
      rows: workflows.map {
        [
          "\($0.id)", $0.state.rawValue, $0.name, "\($0.steps)", "\($0.stepsLeft)",
          "\($0.failed)", DurationText.between($0.createdAt, and: now),
        ]
      })
  }

  /// The steps of `ong workflows show`.
  static func steps(_ steps: [WorkflowStory.Step]) -> Table {
    Table(
      columns: [
        .init(title: "STEP", minimumWidth: 8), .init(title: "STATE"), .init(title: "TYPE"),
        .init(title: "JOB", alignment: .right),
        .init(title: "DOES", minimumWidth: 10, expendability: 1),
        .init(title: "WAITS FOR", minimumWidth: 10, expendability: 2),
      ],
      rows: steps.map { step in
        [
          step.name, step.state.rawValue, step.type, step.job.map { "\($0)" } ?? "",
          step.kind ?? step.signal.map { "signal \($0)" } ?? "",
          step.waitsFor.joined(separator: ", "),
        ]
      })
  }
}
