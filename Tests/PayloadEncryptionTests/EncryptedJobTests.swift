import Foundation
import JobQueue
import JobQueueTesting
import JobWorker
import LibpqClient
import Logging
import PayloadEncryption
import Synchronization
import Testing

private struct Summons: JobPayload, Equatable {
  static let kind = "test.summons"
  static let isEncrypted = true
  static let options = JobOptions(maxAttempts: 2, backoff: .constant(.milliseconds(1)))
  var citizen: String
}

/// The same kind before it was encrypted.
private struct PlainSummons: JobPayload {
  static let kind = "test.summons"
  var citizen: String
}

/// Its next version.
private struct LaterSummons: JobPayload {
  static let kind = "test.summons"
  static let isEncrypted = true
  static let version = 2
  static let upcasters: [Int: PayloadUpcaster] = [
    1: .fields { $0["name"] = $0.removeValue(forKey: "citizen") }
  ]
  var name: String
}

private let secret = "Nguyễn Thị Bí Mật"

private func ring(_ current: String, _ older: String...) throws -> EncryptionKeys {
  try EncryptionKeys(
    current: current,
    keys: Dictionary(
      uniqueKeysWithValues: ([current] + older).map {
        ($0, Data(repeating: $0.utf8.first ?? 0, count: 32))
      }))
}

/// A registry whose handler notes whom it has met.
private func registry(_ keys: EncryptionKeys?, _ met: Names = Names()) -> JobRegistry {
  var registry = JobRegistry(cipher: keys)
  registry.register(Summons.self) { job, _ in met.add(job.citizen) }
  return registry
}

private final class Names: Sendable {
  private let list = Mutex<[String]>([])
  func add(_ name: String) { list.withLock { $0.append(name) } }
  var all: [String] { list.withLock { $0 } }
}

extension TestQueue {
  /// The same database seen by a program with other keys.
  fileprivate func queue(_ keys: EncryptionKeys?) -> JobQueue { JobQueue(pool: pool, cipher: keys) }

  /// All that the database holds, as text.
  fileprivate func dump() async throws -> String {
    try await pool.withConnection { connection in
      let tables = try await connection.query(
        """
        select string_agg(query_to_xml(format('select * from %s', c.oid::regclass), true, false, '')::text, ' ')
        from pg_class c where c.relnamespace = 'ong'::regnamespace and c.relkind in ('r', 'v')
        """)
      return try tables[0, 0].decode(String.self)
    }
  }
}

@Suite("Encrypted payloads against a real server")
struct EncryptedJobTests {
  @Test("every way in encrypts, the handler reads plain text, and the database holds none of it")
  func roundTrip() async throws {
    let keys = try ring("a")
    try await TestQueue.with(clock: .manual, cipher: keys) { test in
      try await test.queue.enqueue(Summons(citizen: secret))
      try await test.queue.enqueueMany([Summons(citizen: secret)])
      try await test.queue.enqueueBulk([Summons(citizen: secret)])
      try await test.queue.enqueue(Summons(citizen: secret), delay: .seconds(3600))
      let met = Names()
      try await test.advance(by: .seconds(3600))
      try await test.drain(registry(keys, met))
      #expect(met.all == Array(repeating: secret, count: 4))
      let dump = try await test.dump()
      #expect(dump.contains("ong_encrypted"))
      #expect(!dump.contains(secret))
      let plain = try PayloadCoding.encode(Summons(citizen: secret))
      #expect(!dump.contains(Data(plain.utf8).base64EncodedString()))
    }
  }

  @Test("without keys an encrypted kind can't be enqueued, and nothing is written")
  func noKeys() async throws {
    try await TestQueue.with { test in
      let refusal = PayloadEncryptionError(.noKeys(kind: "test.summons"))
      await #expect(throws: refusal) { try await test.queue.enqueue(Summons(citizen: "a")) }
      await #expect(throws: refusal) { try await test.queue.enqueueMany([Summons(citizen: "a")]) }
      await #expect(throws: refusal) { try await test.queue.enqueueBulk([Summons(citizen: "a")]) }
      let jobs = try await test.queue.jobs()
      #expect(jobs.isEmpty)
    }
  }

  @Test("payloads that were stored in plain text before are still read")
  func plain() async throws {
    let keys = try ring("a")
    try await TestQueue.with(cipher: keys) { test in
      try await test.queue.enqueue(PlainSummons(citizen: "b"))
      let met = Names()
      try await test.drain(registry(keys, met))
      #expect(met.all == ["b"])
    }
  }

  @Test("a key that the worker lacks is tried again, then dead; with the key the job runs")
  func missingKey() async throws {
    try await TestQueue.with(cipher: try ring("b", "a")) { test in
      let id = try await test.queue.enqueue(Summons(citizen: secret)).id
      try await test.drain(registry(try ring("a")), includingDueWithin: .seconds(5))
      let dead = try #require(try await test.queue.deadJobs().first)
      #expect(dead.id == id)
      #expect(dead.attempt == 2)
      let error = try #require(dead.error)
      #expect(error.contains("encrypted under the key b, which this program lacks (it has a)"))
      try await test.drain(registry(nil))
      try await test.queue.retryJob(id)
      try await test.drain(registry(nil), includingDueWithin: .seconds(5))
      let keyless = try #require(try await test.queue.deadJobs().first)
      #expect(keyless.error?.contains("no keys") == true)

      try await test.queue.retryJob(id)
      let met = Names()
      try await test.drain(registry(try ring("b"), met))
      #expect(met.all == [secret])
    }
  }

  @Test(
    "a payload that was changed, or moved to another queue or kind, is dead at once",
    arguments: ["changed", "queue", "kind"])
  func tampering(_ how: String) async throws {
    let keys = try ring("a")
    try await TestQueue.with(queues: ["default", "other"], cipher: keys) { test in
      let first = try await test.queue.enqueue(Summons(citizen: secret), delay: .seconds(3600))
      let stored = try #require(try await test.queue.story(first.id)).json
      let json = try #require(try PayloadCoding.decode(Story.self, from: Data(stored.utf8)).payload)
      var sealed = try #require(try SealedPayload(stored: Data(PayloadCoding.encode(json).utf8)))
      if how == "changed" { sealed.data[20] ^= 1 }
      let id = try await test.queue.enqueue(
        kind: how == "kind" ? "test.other" : "test.summons", json: try sealed.stored(),
        queue: how == "queue" ? "other" : "default")
      var registry = registry(keys)
      registry.register(Other.self) { _, _ in }
      try await test.drain(
        registry, settings: WorkerConfiguration(queues: ["default": 1, "other": 1]))
      let dead = try #require(try await test.queue.deadJobs().first)
      #expect(dead.id == id)
      #expect(dead.attempt == 1)
      #expect(dead.error?.hasPrefix("the encrypted payload was changed, or belongs to") == true)
    }
  }

  @Test(
    "an old version is opened, lifted and run; what does not decode says nothing of its content")
  func versions() async throws {
    let keys = try ring("a")
    try await TestQueue.with(cipher: keys) { test in
      try await test.queue.enqueue(Summons(citizen: secret))
      try await test.queue.enqueue(Wrong(citizen: [secret: 1]))
      let met = Names()
      var registry = JobRegistry(cipher: keys)
      registry.register(LaterSummons.self) { job, _ in met.add(job.name) }
      let log = Names()
      let logger = Logger(label: "test") { _ in LogText(log: log) }
      try await test.withWorker(registry, logger: logger) { _ in
        try await eventually("both ended") {
          let dead = try await test.queue.deadJobs().count
          return dead == 1 && met.all == [secret]
        }
      }
      let dead = try #require(try await test.queue.deadJobs().first)
      #expect(
        dead.error == "expected the decrypted payload to be a LaterSummons, got: type mismatch")
      #expect(!log.all.isEmpty)
      #expect(!log.all.contains { $0.contains(secret) })
      let dump = try await test.dump()
      #expect(!dump.contains(secret))
    }
  }

  @Test(
    "rotation: what waits, is deferred, parked or dead goes over to the new key, and runs with it alone"
  )
  func rotation() async throws {
    try await TestQueue.with(clock: .manual, cipher: try ring("a")) { test in
      var failing = JobRegistry(cipher: try ring("a"))
      failing.register(Summons.self) { _, _ in throw Refused() }
      try await test.queue.enqueue(Summons(citizen: "dead"))
      try await test.drain(failing, includingDueWithin: .seconds(5))
      try await test.queue.enqueue(Summons(citizen: "parked"))
      try await test.drain(JobRegistry())
      try await test.queue.enqueue(Summons(citizen: "deferred"), delay: .seconds(3600))
      try await test.queue.enqueue(Summons(citizen: "waiting"))
      try await test.queue.enqueue(PlainSummons(citizen: "plain"), delay: .seconds(3600))

      let rotated = test.queue(try ring("b", "a"))
      #expect(try await rotated.reencrypt() == ReencryptedPayloads(changed: 4))
      #expect(try await rotated.reencrypt() == ReencryptedPayloads())
      #expect(
        try await rotated.reencrypt(alsoPlain: [Summons.self]) == ReencryptedPayloads(changed: 1))
      let report = try await rotated.checkPayloads(with: registry(try ring("b", "a")))
      #expect(report.encryptionKeys == ["b": 5])
      #expect(report.passes())

      let met = Names()
      try await rotated.retryDead()
      try await test.advance(by: .seconds(3600))
      try await test.drain(registry(try ring("b"), met), includingDueWithin: .seconds(5))
      #expect(met.all.sorted() == ["dead", "deferred", "parked", "plain", "waiting"])
    }
  }

  @Test("what replaces a job under its unique key is counted, checked and encrypted anew")
  func replacement() async throws {
    try await TestQueue.with(clock: .manual, cipher: try ring("a")) { test in
      // In the log, deferred and parked.
      try await test.queue.enqueue(Summons(citizen: "old"), unique: .key("parked", until: .settled))
      try await test.drain(JobRegistry())
      try await test.queue.enqueue(Summons(citizen: "old"), unique: .key("waiting"))
      try await test.queue.enqueue(
        Summons(citizen: "old"), delay: .seconds(60), unique: .key("deferred"))
      for key in ["parked", "waiting", "deferred"] {
        try await test.queue.enqueue(
          Summons(citizen: key),
          unique: .key(
            key, until: key == "parked" ? .settled : .waiting, onConflict: .replace))
      }
      let rotated = test.queue(try ring("b", "a"))
      let before = try await rotated.encryptionKeys()
      #expect(
        before == [
          EncryptionKeyUse(
            key: "a", kind: "test.summons", payloads: [.waiting: 1, .parked: 1, .scheduled: 1],
            unopened: 0)
        ])
      #expect(try await rotated.reencrypt() == ReencryptedPayloads(changed: 3))
      let report = try await rotated.checkPayloads(with: registry(try ring("b")))
      #expect(report.encryptionKeys == ["b": 3])
      #expect(report.passes())
      let met = Names()
      try await test.drain(registry(try ring("b"), met), includingDueWithin: .seconds(5))
      #expect(met.all.sorted() == ["deferred", "parked", "waiting"])
    }
  }

  @Test("the keys in use are told by kind and place, with those that this program can't open")
  func keysInUse() async throws {
    try await TestQueue.with(cipher: try ring("a")) { test in
      try await test.queue.enqueue(Summons(citizen: "x"))
      try await test.queue.enqueue(Summons(citizen: "x"), delay: .seconds(60))
      try await test.queue.enqueue(PlainSummons(citizen: "x"))
      let other = test.queue(try ring("b"))
      try await other.enqueue(LaterSummons(name: "x"))
      let both = try await test.queue(try ring("b", "a")).encryptionKeys()
      #expect(both.map(\.key) == ["a", "b"])
      #expect(both.map(\.kind) == ["test.summons", "test.summons@2"])
      #expect(both.map(\.payloads) == [[.waiting: 1, .scheduled: 1], [.waiting: 1]])
      #expect(both.map(\.unopened) == [0, 0])
      #expect(try await other.encryptionKeys().map(\.unopened) == [2, 0])
      #expect(try await test.queue(nil).encryptionKeys().map(\.unopened) == [2, 1])
      let impostor = try EncryptionKeys(current: "a", keys: ["a": Data(repeating: 0, count: 32)])
      #expect(try await test.queue(impostor).encryptionKeys().map(\.unopened) == [2, 1])
    }
  }

  @Test("a job that moves on while its payload is renewed keeps its key, and nothing is lost")
  func race() async throws {
    try await TestQueue.with(cipher: try ring("a")) { test in
      let id = try await test.queue.enqueue(Summons(citizen: "x"), delay: .seconds(3600)).id
      let rotated = test.queue(try ring("b", "a"))
      let observer = try await test.database.connect()
      let renewal = try await test.pool.withTransaction { connection in
        // The leader's step, not yet committed: the row is locked and will be gone.
        try await connection.query("update ong.deferred set run_at = now() where id = $1", [id])
        try await connection.query("select ong.promote_due()")
        let renewal = Task { try await rotated.reencrypt() }
        try await eventually("the renewal waits") {
          try await observer.query(
            """
            select exists (select from pg_stat_activity
                           where wait_event_type = 'Lock' and datname = current_database())
            """)[0, 0].decode(Bool.self)
        }
        return renewal
      }
      #expect(try await renewal.value == ReencryptedPayloads(moved: 1))
      let met = Names()
      try await test.drain(registry(try ring("b", "a"), met))
      #expect(met.all == ["x"])
    }
  }

  @Test("what cannot be opened is counted and left as it is")
  func unopened() async throws {
    try await TestQueue.with(cipher: try ring("a")) { test in
      try await test.queue.enqueue(Summons(citizen: "x"), delay: .seconds(3600))
      let done = try await test.queue(try ring("b")).reencrypt()
      #expect(done.changed == 0)
      #expect(done.failed.values.map { $0 } == [1])
      let report = try await test.queue.checkPayloads(with: registry(try ring("a")))
      #expect(report.encryptionKeys == ["a": 1])
      #expect(report.passes())
    }
  }
}

private struct Story: Decodable {
  var payload: JSONValue?
}

private struct Refused: Error {}

private struct Other: JobPayload {
  static let kind = "test.other"
}

/// Writes what `LaterSummons` does not read.
private struct Wrong: JobPayload {
  static let kind = "test.summons"
  static let isEncrypted = true
  var citizen: [String: Int]
}

private struct LogText: LogHandler {
  let log: Names
  var metadata: Logger.Metadata = [:]
  var logLevel = Logger.Level.trace

  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  func log(event: LogEvent) {
    log.add("\(event.message) \(event.metadata ?? [:])")
  }
}
