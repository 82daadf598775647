import Foundation
import LibpqClient
import Testing

/// Why a job does not run: each reason, with its facts and its sentence.
@Suite("Explain")
struct ExplainTests {
  /// The answer as SQL gives it.
  private struct Why: Decodable {
    var state: String
    var reason: String
    var text: String
    var holders: [Int64]?
    var behind: Int64?
    var ahead: Int?
    var limit: Int?
    var waitsFor: [String]?

    enum CodingKeys: String, CodingKey {
      case state, reason, text, holders, behind, ahead, limit
      case waitsFor = "waits_for"
    }
  }

  private func why(_ id: Int64, _ session: Session) async throws -> Why {
    let json = try await session.value("select explain_job($1)", [id], as: JSONText.self)
    return try JSONDecoder().decode(Why.self, from: Data(json.text.utf8))
  }

  private func with(_ body: (Session) async throws -> Void) async throws {
    try await withQueueDatabase { configuration in
      try await body(try await Session(configuration))
    }
  }

  @Test("Nobody serves the queue, nobody knows the kind, the kind is parked")
  func workers() async throws {
    try await with { session in
      let job = try await session.enqueue(kind: "strange")
      var answer = try await why(job, session)
      #expect(answer.reason == "no_worker")
      #expect(answer.text == "No living worker serves the queue q.")
      let epoch = try await session.register()
      answer = try await why(job, session)
      #expect(answer.reason == "unknown_kind")
      #expect(answer.text == "No living worker of the queue q knows the kind strange.")
      let claimed = try await session.claim(epoch)
      try await session.settle(
        epoch, claimed[0], outcomes: JSONText(#"[{"id": \#(job), "outcome": "park"}]"#))
      answer = try await why(job, session)
      #expect(answer.state == "parked")
      #expect(answer.reason == "unknown_kind")
    }
  }

  @Test("The queue is paused, others are before it, it is next, it runs, it has ended")
  func line() async throws {
    try await with { session in
      let epoch = try await session.register()
      let first = try await session.enqueue()
      let second = try await session.enqueue()
      #expect(try await why(first, session).reason == "next")
      let behind = try await why(second, session)
      #expect(behind.reason == "backlog")
      #expect(behind.ahead == 1)
      #expect(
        behind.text
          == "1 of its band are before it; the queue started 0.0 jobs/s in the last minute.")
      try await session.run("select pause_queue('q')")
      let paused = try await why(first, session)
      #expect(paused.reason == "paused")
      #expect(paused.text.hasSuffix(#""ong queues resume q" lets it go on."#))
      try await session.run("select resume_queue('q')")
      let claimed = try await session.claim(epoch, limit: 1)
      let running = try await why(first, session)
      #expect(running.reason == "running")
      #expect(running.text.hasPrefix("It runs on host (pid 1) since "))
      try await session.settle(epoch, claimed[0])
      let ended = try await why(first, session)
      #expect(ended.reason == "succeeded")
      #expect(ended.text == "It has ended: succeeded.")
      let unknown = try await session.value("select explain_job(0)", as: JSONText?.self)
      #expect(unknown == nil)
    }
  }

  @Test("It waits for its time, for the next attempt, was put off, or has expired")
  func times() async throws {
    try await with { session in
      let epoch = try await session.register()
      let later = try await session.enqueue(runAt: Date(timeIntervalSinceNow: 3600))
      let scheduled = try await why(later, session)
      #expect(scheduled.reason == "scheduled")
      #expect(scheduled.text.hasPrefix("It is scheduled for "))
      for (outcome, reason, text) in [
        ("retry", "retrying", "Attempt 1 failed; the next one is at "),
        ("snooze", "snoozed", "It was put off until "),
      ] {
        let job = try await session.enqueue()
        let claimed = try await session.claim(epoch)
        try await session.settle(
          epoch, claimed[0],
          outcomes: JSONText(#"[{"id": \#(job), "outcome": "\#(outcome)", "delay_ms": 60000}]"#))
        let answer = try await why(job, session)
        #expect(answer.reason == reason)
        #expect(answer.text.hasPrefix(text))
      }
      let stale: Int64 = try await session.value(
        "select enqueue('q', 'k', p_meta => '{\"expires_at\": \"2026-01-01T00:00:00Z\"}')")
      let expired = try await why(stale, session)
      #expect(expired.reason == "expired" && expired.state == "waiting")
      #expect(expired.text.hasPrefix("It expired at 2026-01-01 00:00:00"))
      #expect(expired.text.hasSuffix("; it is dropped when its turn comes."))
    }
  }

  @Test("The queue's limit is reached, with the holders; its bucket is empty")
  func limits() async throws {
    try await with { session in
      let epoch = try await session.register()
      try await session.setLimits(#"{"max_running": 3}"#)
      for _ in 0..<4 { try await session.enqueue() }
      let holders = try await session.claim(epoch).map(\.id)
      let job = try await session.enqueue()
      let full = try await why(job, session)
      #expect(full.reason == "running_limit")
      #expect(full.limit == 3)
      #expect(full.holders == holders)
      #expect(
        full.text
          == "3 of 3 jobs of the queue q run: \(holders.map { "\($0)" }.joined(separator: ", ")).")
      try await session.setLimits(
        #"{"max_running": null, "rate": {"count": 1, "per_seconds": 3600, "burst": 1}}"#)
      _ = try await session.claim(epoch)
      let empty = try await why(job, session)
      #expect(empty.reason == "rate_limit")
      #expect(empty.text.hasPrefix("The bucket of the queue q refills at "))
    }
  }

  @Test("It waits behind a job of its key, or for a place or a token of its key")
  func keys() async throws {
    try await with { session in
      let epoch = try await session.register()
      func enqueue() async throws -> Int64 {
        try await session.value("select enqueue('q', 'k', p_key => 'tenant')")
      }
      try await session.setLimits(#"{"key_order": "fifo"}"#)
      let first = try await enqueue()
      let second = try await enqueue()
      let claimed = try await session.claim(epoch)
      let behind = try await why(second, session)
      #expect(behind.reason == "behind_key")
      #expect(behind.behind == first)
      #expect(behind.text == "It waits behind job \(first) of its key tenant.")
      try await session.setLimits(#"{"key_order": "fair", "key_max_running": 1}"#)
      let limited = try await why(second, session)
      #expect(limited.reason == "key_limit")
      #expect(limited.text == "1 of 1 jobs of its key tenant run: \(first).")
      try await session.settle(epoch, claimed[0])
      try await session.setLimits(
        #"""
        {"key_max_running": null, "key_rate": {"count": 1, "per_seconds": 3600, "burst": 1}}
        """#)
      _ = try await session.claim(epoch)
      let third = try await enqueue()
      _ = try await session.claim(epoch)
      let empty = try await why(third, session)
      #expect(empty.reason == "key_rate")
      #expect(empty.text.hasPrefix("The bucket of its key tenant refills at "))
    }
  }

  @Test("The kind is quarantined, while the job waits and once it is parked")
  func quarantined() async throws {
    try await with { session in
      let epoch = try await session.register()
      let job = try await session.enqueue()
      try await session.run("select quarantine_kind('k', 'crashes')")
      let text = #"The kind k is quarantined; "ong kinds release k" lets it run again."#
      for state in ["waiting", "parked"] {
        let json = try await session.value("select explain_job($1)", [job], as: JSONText.self)
        let expected = """
          {"id": \(job), "state": "\(state)", "reason": "quarantined", "kind": "k", \
          "text": "\(text.replacing("\"", with: "\\\""))"}
          """
        let isEqual: Bool = try await session.value(
          "select $1::jsonb = $2::jsonb", [json, JSONText(expected)])
        #expect(isEqual, "\(json.text)")
        #expect(try await session.claim(epoch).isEmpty)
      }
      try await session.run("select release_kind('k')")
      #expect(try await why(job, session).reason == "next")
    }
  }

  @Test("It has ended otherwise than by success: dead, discarded, cancelled")
  func ended() async throws {
    try await with { session in
      let epoch = try await session.register()
      for (outcome, state) in [("dead", "dead"), ("discard", "discarded"), ("cancel", "cancelled")]
      {
        let job = try await session.enqueue()
        let claimed = try await session.claim(epoch)
        try await session.settle(
          epoch, claimed[0],
          outcomes: JSONText(#"[{"id": \#(job), "outcome": "\#(outcome)", "error": "e"}]"#))
        let answer = try await why(job, session)
        #expect(answer.reason == state && answer.state == state)
        #expect(answer.text == "It has ended: \(state).")
      }
    }
  }

  @Test("A step of a workflow waits for others, or for a signal")
  func steps() async throws {
    try await with { session in
      _ = try await session.register()
      let workflow: Int64 = try await session.value(
        """
        select create_workflow('w', '[{"name": "a", "kind": "k", "queue": "q"},
          {"name": "s", "signal": "go"}, {"name": "b", "kind": "k", "queue": "q", "after": ["a", "s"]}]')
        """)
      func why(_ step: String) async throws -> Why {
        let json = try await session.value(
          "select explain_step($1, $2)", [workflow, step], as: JSONText.self)
        return try JSONDecoder().decode(Why.self, from: Data(json.text.utf8))
      }
      #expect(try await why("a").reason == "next")
      #expect(try await why("s").reason == "waits_for_signal")
      #expect(try await why("s").text == "It waits for the signal go.")
      let last = try await why("b")
      #expect(last.reason == "waits_for")
      #expect(last.waitsFor == ["a", "s"])
      #expect(last.text == "It waits for a, s.")
    }
  }
}
