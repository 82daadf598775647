import JobQueue
import JobQueueTesting
import JobWorker
import LibpqClient
import Logging
import Synchronization
import Testing

private struct Print: JobPayload {
  static let kind = "page.print"
  static let options = JobOptions(backoff: .constant(.milliseconds(1)))
}

private struct SendPush: JobPayload {
  static let kind = "push.send"
  var text: String
}

private struct PayInvoice: JobPayload {
  static let kind = "invoice.pay"
  var account: Int
  var amount: Int
}

private struct Printer {
  func isReady() async throws -> Bool { true }
  func isBusy() async throws -> Bool { false }
  func isGone() async throws -> Bool { true }
}

private struct PushService {
  func push(_ texts: [String]) async throws -> Set<Int> {
    Set(texts.indices.filter { texts[$0].isEmpty })
  }
}

private final class Times: Sendable {
  private let list = Mutex<[String]>([])
  var kinds: [String] { list.withLock { $0 } }
  func add(_ kind: String, _ time: Duration) { list.withLock { $0.append(kind) } }
}

@Test("The page execution.md: outcomes and middleware")
func outcomesOfThePage() async throws {
  try await TestQueue.with { test in
    let (printer, times) = (Printer(), Times())
    var registry = JobRegistry()
    registry.use { context, next in
      let start = ContinuousClock.now
      try await next()
      times.add(context.kind, ContinuousClock.now - start)
    }
    registry.register(Print.self) { _, context in
      if try await !printer.isReady() { throw JobControl.snooze(for: .seconds(30)) }
      if try await printer.isBusy() { throw JobControl.retry(after: .seconds(5)) }
      if try await printer.isGone() { throw JobControl.discard(reason: "the printer was sold") }
    }
    registry.register(CountWords.self)
    let job = try await test.queue.enqueue(Print())
    try await test.queue.enqueue(CountWords(text: "a"))
    try await test.drain(registry)
    #expect(try await test.state(job.id) == .discarded)
    #expect(times.kinds == ["text.count-words"])
  }
}

@Test("The page execution.md: progress, checkpoints and batches")
func progressOfThePage() async throws {
  try await TestQueue.with { test in
    let copied = Mutex<[Int]>([])
    let (pages, service) = (8, PushService())
    var registry = JobRegistry()
    registry.register(Print.self) { _, context in
      func copy(_ page: Int) async throws {
        if page == 5, context.attempt == 1 { throw JobControl.retry(after: .zero) }
        copied.withLock { $0.append(page) }
      }
      var next = try await context.checkpoint(as: Int.self) ?? 0
      while next < pages {
        try await copy(next)
        next += 1
        context.report(progress: Double(next) / Double(pages), "page \(next) of \(pages)")
        try await context.checkpoint(next)
      }
    }
    registry.registerBatch(SendPush.self, upTo: 100, within: .milliseconds(20)) { jobs in
      let refused = try await service.push(jobs.map(\.payload.text))
      return jobs.enumerated().map { place, _ in
        refused.contains(place) ? .failed(JobControl.discard(reason: "refused")) : .succeeded
      }
    }
    try await test.queue.enqueue(Print())
    try await test.queue.enqueueMany([SendPush(text: "xin chào"), SendPush(text: "")])
    let totals = try await test.drain(registry, includingDueWithin: .seconds(5))
    #expect(copied.withLock { $0 } == Array(0..<8))
    #expect(totals.succeeded == 2)
    #expect(totals.discarded == 1)
  }
}

@Test("The page transactions.md")
func transactionsPage() async throws {
  try await TestQueue.with { test in
    try await test.pool.query("create table public.account (id bigint, balance bigint)")
    try await test.pool.query("insert into account values (7, 100)")
    var registry = JobRegistry()
    registry.register(PayInvoice.self) { job, context in
      try await context.transaction { connection in
        let booking = "update account set balance = balance - $1 where id = $2"
        try await connection.query(booking, [job.amount, job.account])
      }
    }
    try await test.queue.enqueue(PayInvoice(account: 7, amount: 30))
    try await test.drain(registry)
    let left: Int = try await test.pool.query("select balance from account")[0, 0].decode()
    #expect(left == 70)
  }
}

/// As in `main`; not called here, because then this test program would be started for suspects. The
/// crash tests run such a program.
private func offerChildren(logger: Logger) async -> JobRegistry {
  var registry = JobRegistry()
  registry.register(CountWords.self)
  await Worker.runChildIfAsked(registry, logger: logger)
  return registry
}

@Test("The page poison.md")
func poisonPage() async throws {
  try await TestQueue.with { test in
    let queue = test.queue
    var registry = JobRegistry()
    registry.register(CountWords.self)
    try await queue.quarantineKind(CountWords.kind, reason: "waits for a new version")
    let job = try await queue.enqueue(CountWords(text: "a b"))
    #expect(try await test.drain(registry).succeeded == 0)
    #expect(try await test.state(job.id) == .parked)
    for kind in try await queue.kinds() where kind.quarantinedAt != nil {
      print(kind.kind, kind.reason ?? "", kind.parked)
      try await queue.releaseKind(kind.kind)
    }
    #expect(try await test.drain(registry).succeeded == 1)
  }
}
