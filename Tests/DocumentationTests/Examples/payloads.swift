import JobQueue
import JobQueueTesting
import JobWorker
import Synchronization
import Testing

private let printed = Lines()

private final class Lines: Sendable {
  private let lines = Mutex<[String]>([])
  func add(_ line: String) { lines.withLock { $0.append(line) } }
  var all: [String] { lines.withLock { $0 } }
}

@Suite("The page payloads.md")
struct PayloadsPage {
  struct RenderReport: Job {
    static let kind = "report.render"
    static let version = 3
    static let upcasters: [Int: PayloadUpcaster] = [
      1: .fields { $0["unit"] = $0.removeValue(forKey: "team") },
      2: .types { (old: Version2) in RenderReport(unit: old.unit, pages: [old.page ?? 1]) },
    ]

    struct Version2: Codable {
      var unit: String
      var page: Int?
    }

    var unit: String
    var pages: [Int]

    func run(in context: JobContext) async throws { printed.add("\(unit) \(pages)") }
  }

  @Test("Each version of the page's job runs")
  func versions() async throws {
    try await TestQueue.with(queues: ["default"]) { test in
      for (kind, json) in [
        ("report.render", #"{"team": "Đội 1"}"#),
        ("report.render@2", #"{"unit": "Đội 2", "page": 7}"#),
      ] {
        try await test.queue.enqueue(kind: kind, json: json, queue: "default")
      }
      try await test.queue.enqueue(RenderReport(unit: "Đội 3", pages: [4, 5]))
      var registry = JobRegistry()
      registry.register(RenderReport.self)
      try await test.drain(registry)
      #expect(printed.all.sorted() == ["Đội 1 [1]", "Đội 2 [7]", "Đội 3 [4, 5]"])
    }
  }

  @Test("The page's check lets a deploy pass or stops it")
  func check() async throws {
    try await TestQueue.with(queues: ["default"]) { test in
      var registry = JobRegistry()
      registry.register(RenderReport.self)
      try await test.queue.enqueue(
        kind: "report.render", json: #"{"team": "Đội 1"}"#, queue: "default")
      try await beforeDeploy(test.queue, registry)
      try await test.queue.enqueue(kind: "report.render", json: "{}", queue: "default")
      await #expect(throws: PayloadsWouldNotDecode.self) {
        try await beforeDeploy(test.queue, registry)
      }
    }
  }

  private func beforeDeploy(_ queue: JobQueue, _ registry: JobRegistry) async throws {
    let report = try await queue.checkPayloads(with: registry)
    guard report.passes() else { throw PayloadsWouldNotDecode(report) }
  }

  private struct PayloadsWouldNotDecode: Error {
    let report: PayloadReport
    init(_ report: PayloadReport) { self.report = report }
  }
}
