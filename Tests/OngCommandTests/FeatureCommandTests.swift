import Foundation
import JobQueue
import LibpqClient
import Testing

/// The commands of schedules, limits, workflows and explanations.
@Suite struct FeatureCommandTests {
  @Test("A schedule is put, previewed across a change of the clock, paused, run and deleted")
  func schedules() async throws {
    try await BuiltCommand.withQueue { ong, queue in
      try await queue.createQueue("scores")
      let put = try await ong.run(
        "schedules", "put", "nightly", "30 2 * * *", "scores", "score.recalculate", #"{"n": 1}"#,
        "--time-zone", "Australia/Lord_Howe", "--overlap", "buffer_one")
      #expect(put.status == 0, "\(put.errors)")
      let shown = try await ong.run("schedules", "show", "nightly")
      #expect(shown.output.contains("Australia/Lord_Howe"))
      #expect(shown.output.contains("buffer_one"))
      let preview = try await ong.run(
        "schedules", "preview", "nightly", "--across-change", "--count", "5")
      #expect(preview.status == 0, "\(preview.errors)")
      // The clock of Lord Howe moves by half an hour.
      #expect(preview.output.contains("+10:30"))
      #expect(preview.output.contains("+11:00"))
      let wrong = try await ong.run("schedules", "preview", "--cron", "61 * * * *")
      #expect(wrong.status == 2)
      #expect(wrong.errors.contains("minute"))
      #expect(try await ong.run("schedules", "pause", "nightly").status == 0)
      #expect(try await ong.run("schedules", "ls").output.contains("paused"))
      let id = try await ong.run("schedules", "run", "nightly").output
      #expect(Int64(id.trimmingCharacters(in: .whitespacesAndNewlines)) != nil)
      #expect(try await ong.run("schedules", "delete", "nightly").status == 0)
      #expect(try await ong.run("schedules", "show", "nightly").status == 3)
    }
  }

  @Test("The limits of a queue are shown and changed one by one")
  func limits() async throws {
    try await BuiltCommand.withQueue { ong, queue in
      try await queue.createQueue("mail")
      let set = try await ong.run(
        "queues", "limits", "mail", "--max-running", "3", "--rate", "600/1m:50")
      #expect(set.status == 0, "\(set.errors)")
      #expect(set.output.contains("3 at a time"))
      #expect(set.output.contains("600 in 1m 00s, at most 50 at once"))
      let off = try await ong.run("queues", "limits", "mail", "--max-running", "none")
      #expect(off.output.contains("no limit"))
      #expect(off.output.contains("600 in 1m 00s"))
      #expect(try await ong.run("queues", "limits", "mail", "--rate", "fast").status == 2)
      #expect(try await ong.run("queues", "limits", "nowhere").status == 3)
    }
  }

  @Test("A job is enqueued once under a scope, with tags and an expiry; a full queue refuses")
  func enqueueOptions() async throws {
    try await BuiltCommand.withQueue { ong, queue in
      try await queue.createQueue("mail")
      let trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
      let options = [
        "enqueue", "mail", "letter.send", #"{"n": 1}"#, "--unique-payload", "--unique", "10m",
        "--tag",
        "monthly", "--tag", "letters", "--expires-in", "1h", "--traceparent", trace, "--key",
        "tenant 7",
      ]
      let first = try await ong.run(options)
      #expect(first.status == 0, "\(first.errors)")
      #expect(try await ong.run(options).output == first.output)
      let id = first.output.trimmingCharacters(in: .whitespacesAndNewlines)
      let story = try await ong.run("jobs", "show", id, "--json").output
      for text in [trace, "monthly", "letters", "tenant 7"] { #expect(story.contains(text)) }
      #expect(try await ong.run(options + ["--on-conflict", "raise"]).status != 0)
      #expect(
        try await ong.run(options + ["--expires-at", "2026-03-01T08:00:00+07:00"]).status == 2)
      #expect(try await ong.run("enqueue", "mail", "k", "--traceparent", "00-1").status == 2)

      #expect(try await ong.run("queues", "backpressure", "mail", "--max-waiting", "1").status == 0)
      let refused = try await ong.run("enqueue", "mail", "k", "--wait-for-room", "50ms")
      #expect(refused.status != 0)
      #expect(refused.errors.contains("was full for"))
      #expect(try await ong.run("queues", "backpressure", "mail").status == 0)
      #expect(try await ong.run("enqueue", "mail", "k").status == 0)
      #expect(try await ong.run("queues", "backpressure", "mail", "--max-waiting", "0").status != 0)
    }
  }

  @Test("A job is explained as text and as JSON")
  func explain() async throws {
    try await BuiltCommand.withQueue { ong, queue in
      try await queue.createQueue("mail")
      let id = try await queue.enqueue(kind: "letter.send", json: "{}", queue: "mail")
      let text = try await ong.run("jobs", "explain", "\(id)")
      #expect(text.output == "No living worker serves the queue mail.\n")
      let json = try await ong.run("jobs", "explain", "\(id)", "--json")
      #expect(json.output.contains(#""reason": "no_worker""#))
      #expect(try await ong.run("jobs", "explain", "999999").status == 3)
      let waited = try await ong.run("jobs", "wait", "\(id)", "--within", "50ms")
      #expect(waited.status == 1)
    }
  }

  @Test("A workflow is listed, shown, signalled and cancelled")
  func workflows() async throws {
    try await BuiltCommand.withQueue { ong, queue in
      try await queue.createQueue("mail")
      let id = try await queue.pool.query(
        """
        select ong.create_workflow('letters', '[{"name": "approve", "signal": "approved"},
          {"name": "send", "kind": "letter.send", "queue": "mail", "after": ["approve"]}]')
        """)[0, 0].decode(Int64.self)
      let shown = try await ong.run("workflows", "show", "\(id)")
      #expect(shown.output.contains("signal approved"))
      let step = try await ong.run("jobs", "explain", "\(id)", "--step", "send")
      #expect(step.output == "It waits for approve.\n")
      let sent = try await ong.run("workflows", "signal", "\(id)", "approved", #"{"by": "an"}"#)
      #expect(sent.output == "taken\n")
      #expect(try await queue.jobs(JobFilter(kind: "letter.send")).count == 1)
      #expect(try await ong.run("workflows", "cancel", "\(id)").status == 0)
      #expect(try await ong.run("workflows", "ls", "--json").output.contains("cancelled"))
      #expect(try await ong.run("workflows", "show", "0").status == 3)
    }
  }

  @Test("Payloads that this program would not decode fail the check before a deploy")
  func checkPayloads() async throws {
    try await BuiltCommand.withQueue { ong, queue in
      #expect(try await ong.run("migrate", "up").status == 0)
      try await queue.createQueue("scores")
      try await queue.enqueue(kind: "somebody.else", json: "{}", queue: "scores")
      let fine = try await ong.run("check-payloads")
      #expect(fine.status == 0, "\(fine.errors)")
      #expect(fine.output.contains("not known here"))
      #expect(try await ong.run("check-payloads", "--strict").status == 1)
      try await queue.enqueue(kind: "report.render", json: #"{"snapshot": "x"}"#, queue: "scores")
      let failing = try await ong.run("check-payloads")
      #expect(failing.status == 1)
      #expect(failing.output.contains("would not decode"))
      #expect(failing.errors.contains("do not deploy"))
    }
  }
}
