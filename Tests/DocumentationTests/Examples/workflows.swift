import JobQueue
import JobQueueTesting
import JobWorker
import Synchronization
import Testing

private let notices = Mutex<[String]>([])

private struct ScoreBloc: JobPayload {
  static let kind = "award.score"
  var bloc: Int
}

private struct RenderTable: JobPayload {
  static let kind = "award.table"
  var bloc: Int
}

private struct SendNotices: JobPayload {
  static let kind = "award.notice"
  var bloc: Int
}

private struct CallOperator: JobPayload {
  static let kind = "call"
  var bloc: Int
}

private struct Report: JobPayload {
  static let kind = "report"
}

/// The body of the page's handler.
private struct Noticing {
  let queue: JobQueue

  func run(in context: JobContext) async throws {
    let inputs = try await queue.inputs(of: context.id)
    let points = try inputs.value(of: "table", as: Int.self)
    notices.withLock { $0.append("\(points ?? 0) points") }
  }
}

@Suite("The page workflows.md")
struct WorkflowsPage {
  private func registry(_ queue: JobQueue) -> JobRegistry {
    var registry = JobRegistry()
    registry.register(ScoreBloc.self) { _, _ in }
    registry.register(RenderTable.self) { job, _ in job.bloc * 10 }
    registry.register(SendNotices.self) { _, context in
      if context.workflow != nil { try await Noticing(queue: queue).run(in: context) }
    }
    registry.register(CallOperator.self) { _, _ in }
    registry.register(Report.self) { _, _ in }
    return registry
  }

  @Test("The page's workflow runs, grows and is operated")
  func workflow() async throws {
    try await TestQueue.with { test in
      let queue = test.queue
      var award = Workflow("award 2026")
      let score = award.job("score", ScoreBloc(bloc: 7))
      let table = award.job("table", RenderTable(bloc: 7), after: [score])
      let poster = award.job("poster", RenderTable(bloc: 7), after: [score])
      award.job("notice", SendNotices(bloc: 7), after: [table, poster])
      award.job("alarm", CallOperator(bloc: 7), after: [table.failed])
      let id = try await queue.start(award)

      var parts = Workflow("parts")
      for district in 1...3 {
        parts.job("district \(district)", RenderTable(bloc: district), before: ["notice"])
      }
      try await queue.addSteps(of: parts, to: id)
      try await test.drain(registry(queue))
      let story = try #require(try await queue.workflow(id))
      #expect(story.state == .succeeded)
      #expect(story.step("alarm")?.state == .skipped)
      #expect(story.steps.count == 8)
      #expect(notices.withLock { $0 } == ["70 points"])
    }
  }

  @Test("The page's cancel and retry")
  func operate() async throws {
    try await TestQueue.with { test in
      let queue = test.queue
      let chain = Workflow.chain("two", [CallOperator(bloc: 1), CallOperator(bloc: 2)])
      let other = try await queue.start(chain)
      let id = try await queue.start(chain)
      try await queue.cancelWorkflow(id)
      try await queue.cancelWorkflow(other)
      try await queue.retryWorkflow(id)
      try await test.drain(registry(queue))
      #expect(try await queue.workflow(id)?.state == .succeeded)
      #expect(try await queue.workflow(other)?.state == .cancelled)
    }
  }

  @Test("The page's batch runs its callback")
  func batch() async throws {
    try await TestQueue.with { test in
      let queue = test.queue
      let batch = try await queue.enqueueBatch(
        (1...5000).map { SendNotices(bloc: $0) }, name: "letters",
        callbacks: BatchCallbacks(settled: Report(), failed: CallOperator(bloc: 0)))
      try await test.drain(registry(queue))
      let story = try #require(try await queue.workflow(batch))
      #expect(story.state == .succeeded)
      #expect(story.step("members")?.members?.succeeded == 5000)
      #expect(story.step("on settled")?.state == .succeeded)
      #expect(story.step("on failed")?.state == .skipped)
    }
  }
}
