import Foundation
import JobQueue
import JobQueueTesting
import JobWorker
import LibpqClient
import Testing

private struct Report: JobPayload {
  static let kind = "test.report"
  static let version = 2
  static let options = JobOptions(maxAttempts: 1)
  static let upcasters: [Int: PayloadUpcaster] = [
    1: .fields { $0["unit"] = $0.removeValue(forKey: "team") }
  ]
  var unit: String
}

@Suite("The check of payloads before a deploy")
struct PayloadCheckTests {
  private var registry: JobRegistry {
    var registry = JobRegistry()
    registry.register(Report.self) { _, _ in }
    return registry
  }

  private let good = #"{"team": "a"}"#
  private let bad = #"{"squad": "a"}"#

  private func enqueue(
    _ test: TestQueue, _ json: String, kind: String = "test.report", delay: Duration? = nil
  ) async throws -> Int64 {
    try await test.queue.enqueue(kind: kind, json: json, queue: "default", delay: delay)
  }

  @Test("an empty queue passes")
  func empty() async throws {
    try await TestQueue.with { test in
      let report = try await test.queue.checkPayloads(with: registry)
      #expect(report == PayloadReport())
      #expect(report.passes(allowingUnknownKinds: false))
    }
  }

  @Test("a payload that would not decode is found whether it waits, is deferred, parked or dead")
  func states() async throws {
    try await TestQueue.with { test in
      var expected: [PayloadPlace: Int64] = [:]
      // Parked by a worker that knows nothing, dead by one that does.
      expected[.parked] = try await enqueue(test, bad)
      try await test.drain(JobRegistry())
      try await test.queue.enqueue(Report(unit: "fine"))
      expected[.dead] = try await enqueue(test, bad, kind: "test.report@2")
      var second = JobRegistry()
      second.register(OnlySecond.self) { _, _ in }
      try await test.drain(second)
      expected[.scheduled] = try await enqueue(test, bad, delay: .seconds(3600))
      expected[.waiting] = try await enqueue(test, bad)
      for _ in 0..<2 { _ = try await enqueue(test, good) }
      let cancelled = try await enqueue(test, bad)
      try await test.queue.cancelJob(cancelled)

      let report = try await test.queue.checkPayloads(with: registry)
      #expect(report.total == 6)
      #expect(report.failing == 4)
      #expect(!report.passes())
      let examples = report.kinds.flatMap(\.examples)
      #expect(Dictionary(uniqueKeysWithValues: examples.map { ($0.state, $0.id) }) == expected)
      let kinds = report.kinds.map { "\($0.kind) \($0.jobs)" }
      #expect(report.kinds.map(\.kind) == ["test.report", "test.report@2"], "\(kinds)")
      #expect(
        report.description.contains(
          "dead \(expected[.dead] ?? 0) in default: expected the payload to be a Report, got: it lacks the key unit"
        ))
    }
  }

  @Test("steps that are not enqueued yet, schedules and replaced payloads are checked as well")
  func notEnqueued() async throws {
    try await TestQueue.with { test in
      let script = """
        set search_path = ong;
        select create_workflow('w', '[{"name": "a", "kind": "test.report", "payload": {"team": "x"}},
          {"name": "b", "kind": "test.report", "payload": {}, "after": ["a"]}]');
        select put_schedule('s', '@daily', 'default', 'test.report', '{"team": 1}');
        select enqueue('default', 'test.report', '{"team": "x"}', p_unique_key => 'k');
        select enqueue('default', 'test.report@2', '[]', p_unique_key => 'k',
          p_on_conflict => 'replace');
        """
      let connection = try await test.database.connect()
      try await connection.execute(script: script)
      let report = try await test.queue.checkPayloads(with: registry)
      #expect(report.kinds.map(\.jobs) == [[.waiting: 1, .step: 1, .schedule: 1], [.waiting: 1]])
      #expect(report.kinds.flatMap(\.examples).map(\.state) == [.step, .schedule, .waiting])
    }
  }

  @Test("what runs meanwhile is checked as well")
  func running() async throws {
    try await TestQueue.with { test in
      let started = Gate()
      let end = Gate()
      var old = JobRegistry()
      old.register(Anything.self) { _, _ in
        started.open()
        await end.pass()
      }
      let id = try await enqueue(test, bad)
      try await test.withWorker(old) { _ in
        await started.pass()
        let report = try await test.queue.checkPayloads(with: registry)
        #expect(report.kinds.first?.examples.map(\.id) == [id])
        #expect(report.kinds.first?.jobs == [.running: 1])
        end.open()
      }
    }
  }

  @Test("jobs that wait for the turn of their key are checked as well")
  func keyed() async throws {
    try await TestQueue.with { test in
      try await test.queue.setLimits(QueueLimits(keyOrder: .fifo), of: "default")
      let started = Gate()
      let end = Gate()
      var old = JobRegistry()
      old.register(Anything.self) { _, _ in
        started.open()
        await end.pass()
      }
      for json in [good, bad] {
        _ = try await test.pool.query(
          "select ong.enqueue('default', 'test.report', $1, p_key => 'k')", [JSONText(json)])
      }
      try await test.withWorker(old) { _ in
        await started.pass()
        let report = try await test.queue.checkPayloads(with: registry)
        #expect(report.kinds.map(\.jobs) == [[.running: 1, .waiting: 1]])
        #expect(report.kinds.flatMap(\.examples).map(\.state) == [.waiting])
        try await test.expectEnqueued(Anything.self, count: 1)
        end.open()
      }
    }
  }

  @Test("versions without a way to today's fail; kinds of other programs do so only on request")
  func versions() async throws {
    try await TestQueue.with { test in
      var newer = JobRegistry()
      newer.register(OnlySecond.self) { _, _ in }
      _ = try await enqueue(test, good)
      _ = try await enqueue(test, good, kind: "test.report@9")
      _ = try await enqueue(test, good, kind: "other.kind")
      let report = try await test.queue.checkPayloads(with: newer)
      #expect(
        report.kinds.flatMap(\.examples).map(\.error) == [
          "expected version 2 or newer, got: version 1, for which there is no upcaster",
          "expected version 2 or older, got: version 9, written by a newer program",
        ])
      #expect(report.unknownKinds.map(\.kind) == ["other.kind"])
      #expect(report.failing == 2)

      let mended = try await test.queue.checkPayloads(with: registry)
      #expect(mended.failing == 1)
      #expect(PayloadReport(unknownKinds: report.unknownKinds).passes())
      #expect(!PayloadReport(unknownKinds: report.unknownKinds).passes(allowingUnknownKinds: false))
    }
  }

  @Test("every job of many in all bands, claimed partly and moved by rotations, is counted once")
  func pages() async throws {
    try await TestQueue.with(queues: ["default", "other"]) { test in
      for band in JobPriority.allCases {
        try await test.queue.enqueueMany(
          (0..<1234).map { Report(unit: "\($0)") }, priority: band)
      }
      try await test.queue.enqueueMany(
        (0..<1500).map { Report(unit: "\($0)") }, queue: "other",
        runAt: Date(timeIntervalSinceNow: 3600))
      for _ in 0..<5 {
        _ = try await test.pool.withConnection { try await $0.query("select ong.rotate()") }
      }
      let report = try await test.queue.checkPayloads(with: registry)
      #expect(report.kinds.map(\.jobs) == [[.waiting: 4936, .scheduled: 1500]])
      #expect(report.passes())
    }
  }

  @Test("rotation waits until the check is over, and jobs it has moved before are all seen")
  func rotation() async throws {
    try await TestQueue.with { test in
      try await test.queue.enqueueMany((0..<2500).map { Report(unit: "\($0)") })
      var seen = Set<Int64>()
      var said: [String] = []
      try await test.queue.withPayloads { page in
        seen.formUnion(page.map(\.id))
        let word = try await test.pool.withConnection {
          try await $0.query("select ong.rotate()")[0, 0].decode(String.self)
        }
        said.append(word)
      }
      #expect(seen.count == 2500)
      #expect(said == ["busy", "busy", "busy"])
    }
  }

  @Test("a rotation that is under way when the check begins hides no job from it")
  func rotationFirst() async throws {
    try await TestQueue.with { test in
      try await test.queue.enqueueMany((0..<50).map { Report(unit: "\($0)") })
      for _ in 0..<3 { _ = try await test.pool.query("select ong.rotate()") }
      let observer = try await test.database.connect()
      let check = try await test.pool.withTransaction { connection in
        // Carries the jobs out of the oldest segment and truncates that; not yet committed.
        let word = try await connection.query("select ong.rotate()")[0, 0].decode(String.self)
        #expect(word.contains("50 jobs moved"))
        let check = Task { try await test.queue.checkPayloads(with: registry) }
        try await eventually("the check waits") {
          try await observer.query(
            """
            select exists (select from pg_stat_activity
                           where wait_event_type = 'Lock' and datname = current_database())
            """)[0, 0].decode(Bool.self)
        }
        return check
      }
      #expect(try await check.value.total == 50)
    }
  }

  @Test("a page ends after 4 MiB, so that large payloads do not fill the memory")
  func large() async throws {
    try await TestQueue.with { test in
      let text = String(repeating: "x", count: 900_000)
      for _ in 0..<12 { try await test.queue.enqueue(Report(unit: text)) }
      var sizes: [Int] = []
      try await test.queue.withPayloads { sizes.append($0.count) }
      #expect(sizes == [5, 5, 2])
    }
  }
}

/// The second version without a memory of the first.
private struct OnlySecond: JobPayload {
  static let kind = "test.report"
  static let version = 2
  static let options = JobOptions(maxAttempts: 1)
  var unit: String
}

/// A careless program's reading of the kind.
private struct Anything: JobPayload {
  static let kind = "test.report"
}
