import Foundation
import JobQueue
import JobQueueTesting
import LibpqClient
import Testing

private struct Report: JobPayload {
  static let kind = "test.report"
  static let options = JobOptions(queue: "reports", priority: .low)
  var year: Int
}

private struct Undo: Error {}

@Suite("Schedules at run time")
struct ScheduleAPITests {
  @Test("what was put is what is listed")
  func list() async throws {
    try await TestQueue.with(queues: ["reports"]) { test in
      try await test.queue.putSchedule(
        Schedule(
          "yearly", cron: "0 8 L 12 *", timeZone: "Asia/Ho_Chi_Minh", repeatedTimes: .both,
          catchUp: .all(within: .seconds(3600)), overlap: .bufferOne,
          jitter: .milliseconds(1500), job: Report(year: 2026)))
      let status = try #require(try await test.queue.schedules().first)
      #expect(status.name == "yearly" && status.cron == "0 8 L 12 *")
      #expect(status.timeZone == "Asia/Ho_Chi_Minh")
      #expect(status.skippedTimes == .runAfter && status.repeatedTimes == .both)
      #expect(status.catchUp == .all(within: .seconds(3600)) && status.overlap == .bufferOne)
      #expect(status.jitter == .milliseconds(1500))
      #expect(status.queue == "reports" && status.priority == .low && status.kind == "test.report")
      #expect(status.payload == #"{"year": 2026}"#)
      #expect(status.fired == 0 && status.lastJob == nil && status.declaredAt == nil)
    }
  }

  @Test("pause, run now, resume, delete; a schedule that is not there is named")
  func operate() async throws {
    try await TestQueue.with(queues: ["reports"]) { test in
      let queue = test.queue
      try await queue.putSchedule(Schedule("s", cron: "@daily", job: Report(year: 1)))
      try await queue.pauseSchedule("s")
      #expect(try await queue.schedules().first?.isPaused == true)
      let id = try await queue.runScheduleNow("s")
      let story = try #require(try await queue.story(id))
      #expect(story.schedule == JobStory.FiredBy(name: "s", tick: nil))
      #expect(try await queue.schedules().first?.running == 1)
      try await queue.resumeSchedule("s")
      #expect(try await queue.schedules().first?.isPaused == false)
      try await queue.deleteSchedule("s")
      #expect(try await queue.schedules().isEmpty)
      let error = await #expect(throws: JobQueueError.self) { try await queue.deleteSchedule("s") }
      #expect(error?.code == .jobNotFound)
      #expect(error?.message.contains("schedule \"s\" does not exist") == true)
    }
  }

  @Test("a schedule that is put in a transaction is undone with it")
  func transaction() async throws {
    try await TestQueue.with(queues: ["reports"]) { test in
      await #expect(throws: Undo.self) {
        try await test.pool.withTransaction { connection in
          try await test.queue.putSchedule(
            Schedule("s", cron: "@daily", job: Report(year: 1)), in: connection)
          throw Undo()
        }
      }
      let left = try await test.queue.schedules()
      #expect(left.isEmpty)
    }
  }

  @Test("a preview crosses the change of the clock")
  func preview() async throws {
    try await TestQueue.with(queues: ["reports"]) { test in
      let queue = test.queue
      let change = try #require(
        try await queue.nextClockChange(
          timeZone: "Australia/Lord_Howe", from: Date(timeIntervalSince1970: 1_790_000_000)))
      #expect(change.localBefore == "2026-10-04 02:00:00")
      #expect(change.localAfter == "2026-10-04 02:30:00")
      let ticks = try await queue.previewCron(
        "15 2 * * *", timeZone: "Australia/Lord_Howe", from: change.at - 3600, count: 2)
      #expect(ticks.map(\.local) == ["2026-10-04 02:30:00", "2026-10-05 02:15:00"])
      #expect(ticks.map(\.utcOffset) == [39600, 39600])
      #expect(ticks[0].note?.contains("forward from 2026-10-04 02:00 to 2026-10-04 02:30") == true)
      try await queue.putSchedule(
        Schedule("s", cron: "@hourly", timeZone: "Asia/Kathmandu", job: Report(year: 1)))
      let next = try await queue.previewSchedule("s", count: 3)
      #expect(next.count == 3 && next[0].at > Date() && next[0].utcOffset == 20700)
    }
  }
}
