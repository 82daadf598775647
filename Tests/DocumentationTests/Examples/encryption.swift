// Where the package is built without its cryptography this file is text only.
#if canImport(PayloadEncryption)
  import JobQueue
  import JobQueueTesting
  import JobWorker
  import LibpqClient
  import PayloadEncryption
  import Synchronization
  import Testing

  private final class Names: Sendable {
    private let names = Mutex<[String]>([])
    func add(_ name: String) { names.withLock { $0.append(name) } }
    var all: [String] { names.withLock { $0 } }
  }

  private let sent = Names()

  @Suite("The page encryption.md")
  struct EncryptionPage {
    struct SendSummons: Job {
      static let kind = "summons.send"
      static let isEncrypted = true
      var citizen: String

      func run(in context: JobContext) async throws { sent.add(citizen) }
    }

    @Test("The page's job is encrypted, its key rotated, and it runs")
    func page() async throws {
      let old = EncryptionKeys.newEntry(named: "2026-05")
      let new = EncryptionKeys.newEntry(named: "2026-11")
      try await TestQueue.with(clock: .manual, cipher: try EncryptionKeys(old)) { test in
        try await test.queue.enqueue(SendSummons(citizen: "Bà Ong"), delay: .seconds(3600))
        try await rotate(test, environment: ["PAYLOAD_KEYS": "\(new),\(old)"])
      }
      #expect(sent.all == ["Bà Ong"])
    }

    private func rotate(_ test: TestQueue, environment: [String: String]) async throws {
      let pool = test.pool
      let keys = try EncryptionKeys(environment["PAYLOAD_KEYS"] ?? "")
      let queue = JobQueue(pool: pool, cipher: keys)
      var registry = JobRegistry(cipher: keys)
      registry.register(SendSummons.self)

      let done = try await queue.reencrypt()
      #expect(done == ReencryptedPayloads(changed: 1))

      let report = try await queue.checkPayloads(with: registry)
      let isOldKeyFree = report.encryptionKeys["2026-05"] == nil
      #expect(isOldKeyFree)
      try await test.advance(by: .seconds(3600))
      try await test.drain(registry)
    }
  }
#endif
