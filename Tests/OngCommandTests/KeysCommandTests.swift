import Foundation
import JobQueue
import JobQueueTesting
import JobWorker
import LibpqClient
import Logging
import PayloadEncryption
import Synchronization
import Testing

private struct Letter: JobPayload {
  static let kind = "letter.sealed"
  static let isEncrypted = true
  static let options = JobOptions(maxAttempts: 1)
  var text: String
}

/// `ong keys`: from a new key to the day on which the old one may be taken away.
@Suite struct KeysCommandTests {
  private func entry(_ ong: BuiltCommand, _ name: String) async throws -> String {
    let made = try await ong.run("keys", "new", name)
    #expect(made.status == 0, "\(made.errors)")
    return made.output.trimmingCharacters(in: .whitespacesAndNewlines)
  }

  private func keys(_ ong: BuiltCommand) async throws -> [EncryptionKeyUse] {
    let list = try await ong.run("keys", "ls", "--json")
    #expect(list.status == 0, "\(list.errors)")
    return try JSONDecoder().decode([EncryptionKeyUse].self, from: Data(list.output.utf8))
  }

  private func run(_ queue: JobQueue, _ keys: EncryptionKeys) async throws -> [String] {
    let read = Texts()
    var registry = JobRegistry(cipher: keys)
    registry.register(Letter.self) { letter, _ in read.add(letter.text) }
    let worker = Worker(
      configuration: queue.pool.configuration, registry: registry,
      settings: WorkerConfiguration(queues: ["mail": 2]),
      logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    try await worker.drained()
    return read.all.sorted()
  }

  @Test("Keys are made, rotated and taken away while jobs wait, are deferred and dead")
  func rotation() async throws {
    try await BuiltCommand.withQueue { ong, queue in
      try await queue.createQueue("mail")
      let (old, new) = (try await entry(ong, "old"), try await entry(ong, "new"))
      let sealing = JobQueue(pool: queue.pool, cipher: try EncryptionKeys(old))
      for text in ["a", "b"] { try await sealing.enqueue(Letter(text: text), queue: "mail") }
      let later = try await sealing.enqueue(Letter(text: "c"), queue: "mail", delay: .seconds(3600))

      var ong = ong
      ong.environment["ONG_PAYLOAD_KEYS"] = "\(new),\(old)"
      let used = EncryptionKeyUse(
        key: "old", kind: "letter.sealed", payloads: [.waiting: 2, .scheduled: 1], unopened: 0)
      #expect(try await keys(ong) == [used])
      var keyless = ong
      keyless.environment["ONG_PAYLOAD_KEYS"] = new
      #expect(try await keys(keyless).map(\.unopened) == [3])
      #expect(try await keyless.run("keys", "ls").output.contains("missing"))
      let refused = try await keyless.run("keys", "reencrypt")
      #expect(refused.status == 1)
      #expect(refused.errors.contains("add the missing keys"))

      let done = try await ong.run("keys", "reencrypt", "--json")
      #expect(done.status == 0, "\(done.errors)")
      #expect(done.output.contains(#""changed" : 3"#))
      #expect(done.errors.contains("3 re-encrypted, 0 moved on, 0 can't be opened"))
      #expect(try await keys(keyless).map(\.key) == ["new"])
      #expect(try await keys(keyless).map(\.unopened) == [0])
      #expect(
        try await ong.run("keys", "ls").errors.contains("The key old is not in use any more."))
      for said in [done, try await ong.run("keys")] {
        let secret = old.split(separator: ":")[1]
        #expect(!said.output.contains(secret) && !said.errors.contains(secret))
      }
      try await queue.retryJob(later.id)
      #expect(try await run(queue, try EncryptionKeys(new)) == ["a", "b", "c"])
      #expect(try await ong.run("keys", "ls").errors.contains("No payload is encrypted."))
    }
  }

  @Test(
    "A name that is taken, or can't be one, and keys that are none are refused without a key's bytes"
  )
  func names() async throws {
    var ong = BuiltCommand()
    #expect(try await ong.run("keys", "new", "a,b").status == 2)
    let dated = try await ong.run("keys", "new")
    #expect(dated.output.wholeMatch(of: /\d{4}-\d\d-\d\d:[A-Za-z0-9+\/]{43}=\n/) != nil)
    #expect(dated.errors.contains("ONG_PAYLOAD_KEYS"))
    ong.environment["ONG_PAYLOAD_KEYS"] = try await entry(ong, "a")
    #expect(try await ong.run("keys", "new", "a").status == 6)
    ong.environment["ONG_PAYLOAD_KEYS"] = "a:c2VjcmV0"
    let short = try await ong.run("keys", "reencrypt")
    #expect(short.status == 2)
    #expect(short.errors.contains("expected key a to have 32 bytes, got: 6"))
  }
}

private final class Texts: Sendable {
  private let list = Mutex<[String]>([])
  func add(_ text: String) { list.withLock { $0.append(text) } }
  var all: [String] { list.withLock { $0 } }
}
