import JobQueue
import JobQueueTesting
import JobWorker
import Synchronization
import Testing

private struct Sent: Sendable {
  private static let list = Mutex<[String]>([])
  func add(_ text: String) { Self.list.withLock { $0.append(text) } }
  var all: [String] { Self.list.withLock { $0 } }
}

private let sent = Sent()

@Suite("The page secrets.md")
struct SecretsPage {
  struct Invite: Job {
    static let kind = "invite.send"
    var address: String
    @Secret var code: String

    func run(in context: JobContext) async throws { sent.add("\(address) \(code)") }
  }

  @Test("a handler gets its secret, a story does not")
  func secret() async throws {
    try await TestQueue.with { test in
      let id = try await test.queue.enqueue(Invite(address: "an@example.vn", code: "1975")).id
      var registry = JobRegistry()
      registry.register(Invite.self)
      try await test.drain(registry)
      #expect(sent.all == ["an@example.vn 1975"])
      #expect(try await test.queue.story(id)?.json.contains("1975") == false)
    }
  }
}
