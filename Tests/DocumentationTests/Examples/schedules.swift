import JobQueue
import JobQueueTesting
import JobWorker
import Testing

private struct RecalculateAll: Job {
  static let kind = "score.recalculate-all"
  var year: Int

  func run(in context: JobContext) async throws {}
}

private struct Tidy: Job {
  static let kind = "report.tidy"

  func run(in context: JobContext) async throws {}
}

@Test("The page schedules.md: declared in code, and changed at run time")
func schedulesPage() async throws {
  try await TestQueue.with { test in
    let queue = test.queue
    var registry = JobRegistry()
    registry.register(RecalculateAll.self)
    registry.register(Tidy.self)
    registry.schedule(
      Schedule(
        "nightly-scores", cron: "0 2 * * *", timeZone: "Asia/Ho_Chi_Minh",
        catchUp: .latest(within: .seconds(6 * 3600)), overlap: .skip, jitter: .seconds(90),
        job: RecalculateAll(year: 2026)))
    try await test.withWorker(registry) { _ in
      try await eventually("the declaration") { try await !queue.schedules().isEmpty }
      try await queue.putSchedule(
        Schedule("reports", cron: "*/15 8-17 * * mon-fri", timeZone: "Europe/Berlin", job: Tidy()))
      try await queue.pauseSchedule("reports")
      let job = try await queue.runScheduleNow("reports")
      try await queue.resumeSchedule("reports")
      for tick in try await queue.previewSchedule("reports", count: 3) {
        print(tick.local, tick.at, tick.note ?? "")
      }
      try await test.wait(for: job, toBe: .succeeded)
      #expect(try await queue.schedules().map(\.name) == ["nightly-scores", "reports"])
    }
  }
}
