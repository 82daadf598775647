import Foundation
import JobQueue
import JobQueueTesting
import JobWorker
import LibpqClient
import Logging
import Synchronization
import Testing

private struct Invite: JobPayload, Equatable {
  static let kind = "test.invite"
  static let options = JobOptions(maxAttempts: 1)
  var address: String
  @Secret var code: String
  @Secret var codes: [String: Int]? = nil
}

/// A form of the payload that the stored one does not fit.
private struct Numbered: JobPayload {
  static let kind = "test.invite"
  static let options = JobOptions(maxAttempts: 1)
  @Secret var code: Date
}

private struct Refused: Error { var invite: Invite }

private let word = "Hòa-bình-1975"

private final class Seen: Sendable {
  private let list = Mutex<[String]>([])
  func add(_ text: String) { list.withLock { $0.append(text) } }
  var all: [String] { list.withLock { $0 } }
}

private struct LogText: LogHandler {
  let seen: Seen
  var metadata: Logger.Metadata = [:]
  var logLevel = Logger.Level.trace

  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  func log(event: LogEvent) { seen.add("\(event.message) \(event.metadata ?? [:])") }
}

@Suite("Secret fields")
struct SecretTests {
  @Test("a secret is stored marked, read back, and read without its mark too")
  func coding() throws {
    let invite = Invite(address: "an@example.vn", code: word, codes: ["a": 1])
    let json = try PayloadCoding.encode(invite)
    #expect(json.contains(#""code":{"ong_secret":"\#(word)"}"#))
    #expect(try PayloadCoding.decode(Invite.self, from: Data(json.utf8)) == invite)
    let plain = #"{"address":"an@example.vn","code":"\#(word)"}"#
    let old = try PayloadCoding.decode(Invite.self, from: Data(plain.utf8))
    #expect(old.code == word && old.codes == nil)
  }

  @Test("nothing that prints a payload prints its secrets")
  func printing() {
    let invite = Invite(address: "an@example.vn", code: word, codes: [word: 1])
    var dumped = ""
    dump(invite, to: &dumped)
    for text in [
      "\(invite)", String(reflecting: invite), dumped, "\(Refused(invite: invite))",
      "\(["a": invite])",
    ] {
      #expect(!text.contains(word), "\(text)")
    }
    #expect("\(invite)".contains("[secret]"))
  }

  @Test("the handler gets it; lists, stories, views, errors and logs do not have it")
  func redaction() async throws {
    try await TestQueue.with { test in
      let id = try await test.queue.enqueue(Invite(address: "an@example.vn", code: word)).id
      try await test.queue.enqueue(Invite(address: "b", code: word), delay: .seconds(3600))
      let shown = Seen()
      shown.add(try #require(try await test.queue.story(id)).json)
      let (met, log) = (Seen(), Seen())
      var registry = JobRegistry()
      registry.register(Invite.self) { job, _ in
        met.add(job.code)
        throw Refused(invite: job)
      }
      try await test.withWorker(registry, logger: Logger(label: "t") { _ in LogText(seen: log) }) {
        _ in try await test.wait(for: id, toBe: .dead)
      }
      #expect(met.all == [word])
      shown.add(try #require(try await test.queue.story(id)).json)
      for dead in try await test.queue.deadJobs() { shown.add("\(dead)") }
      for job in try await test.queue.jobs() { shown.add("\(job)") }
      shown.add(try await test.text(of: "dead_job"))
      shown.add(try await test.text(of: "deferred_job"))
      for text in shown.all + log.all { #expect(!text.contains(word), "\(text)") }
      #expect(shown.all.contains { $0.contains(#"{"ong_secret": null}"#) })
      #expect(try #require(try await test.queue.story(id, revealed: true)).json.contains(word))
    }
  }

  @Test("a secret that does not decode is named by its field, not by its value")
  func undecodable() async throws {
    try await TestQueue.with { test in
      let id = try await test.queue.enqueue(Invite(address: "an@example.vn", code: word)).id
      var registry = JobRegistry()
      registry.register(Numbered.self) { _, _ in }
      try await test.drain(registry)
      let error = try #require(try await test.queue.story(id)?.error)
      #expect(error.contains("code is a secret of another form"))
      #expect(!error.contains(word))
    }
  }

  @Test("signals, schedules and results show no secret either")
  func elsewhere() async throws {
    try await TestQueue.with { test in
      let secret = #"{"list": [1, {"ong_secret": "\#(word)"}], "text": "ong_secret"}"#
      let json = try await test.pool.withConnection { connection in
        try await connection.execute(
          script: """
            set search_path = ong;
            select put_schedule('s', '@daily', 'default', 'k', '\(secret)');
            select send_signal(create_workflow('w', '[{"name": "a", "signal": "s"}]'),
              's', '\(secret)');
            """)
        return try await connection.query(
          """
          select (select payload::text from ong.schedule_overview) || (
            select ong.workflow_story(id)::text from ong.workflow)
          """)[0, 0].decode(String.self)
      }
      #expect(!json.contains(word) && json.contains(#"[1, {"ong_secret": null}]"#))
    }
  }
}

extension TestQueue {
  fileprivate func text(of view: String) async throws -> String {
    try await pool.withConnection { connection in
      try await connection.query("select string_agg(v::text, ' ') from ong.\(view) v")[0, 0]
        .decode(String.self)
    }
  }
}
