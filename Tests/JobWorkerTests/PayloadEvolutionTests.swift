import JobQueue
import JobQueueTesting
import JobWorker
import Testing

/// What an old program has enqueued.
private struct OldReport: JobPayload {
  static let kind = "test.report"
  var team: String
}

/// The same kind today.
private struct Report: JobPayload {
  static let kind = "test.report"
  static let version = 2
  static let upcasters: [Int: PayloadUpcaster] = [
    1: .fields { fields in fields["unit"] = fields.removeValue(forKey: "team") }
  ]
  var unit: String
}

/// The same kind in a version that came later and has forgotten the first.
private struct LaterReport: JobPayload {
  static let kind = "test.report"
  static let version = 3
  static let upcasters: [Int: PayloadUpcaster] = [2: .fields { $0["pages"] = 1 }]
  var unit: String
  var pages: Int
}

@Suite("Payload evolution against a real server")
struct PayloadEvolutionTests {
  @Test("jobs of the old version run with the new type, and the handler knows the plain kind")
  func old() async throws {
    try await TestQueue.with { test in
      let seen = Journal<String>()
      var registry = JobRegistry()
      registry.register(Report.self) { job, context in seen.add("\(context.kind) \(job.unit)") }
      try await test.queue.enqueue(OldReport(team: "Đội 1"))
      try await test.queue.enqueueMany([Report(unit: "Đội 2")])
      try await test.queue.enqueueBulk([Report(unit: "Đội 3")])
      try await test.queue.enqueue(Report(unit: "Đội 4"))
      let kinds = try await test.queue.jobs().map(\.kind)
      #expect(kinds.sorted() == ["test.report"] + Array(repeating: "test.report@2", count: 3))
      #expect(try await test.drain(registry).succeeded == 4)
      #expect(seen.entries.sorted() == (1...4).map { "test.report Đội \($0)" })
    }
  }

  @Test("a version that this program cannot read is parked until a worker that can comes")
  func parked() async throws {
    try await TestQueue.with { test in
      var older = JobRegistry()
      older.register(Report.self) { _, _ in }
      var newer = JobRegistry()
      newer.register(LaterReport.self) { _, _ in }
      let ahead = try await test.queue.enqueue(LaterReport(unit: "a", pages: 2))
      let behind = try await test.queue.enqueue(OldReport(team: "b"))
      try await test.drain(older)
      #expect(try await test.state(ahead.id) == .parked)
      #expect(try await test.state(behind.id) == .succeeded)
      let forgotten = try await test.queue.enqueue(OldReport(team: "c"))
      try await test.drain(newer)
      #expect(try await test.state(ahead.id) == .succeeded)
      #expect(try await test.state(forgotten.id) == .parked)
      try await test.drain(older)
      #expect(try await test.state(forgotten.id) == .succeeded)
    }
  }

  @Test("a payload that a step refuses is a dead letter that says why")
  func refused() async throws {
    try await TestQueue.with { test in
      var registry = JobRegistry()
      registry.register(Report.self) { _, _ in }
      let id = try await test.queue.enqueue(kind: "test.report", json: "[]", queue: "default")
      try await test.drain(registry)
      let dead = try #require(try await test.queue.deadJobs().first)
      #expect(dead.id == id)
      #expect(dead.error == "expected the payload to be a JSON object")
    }
  }
}
