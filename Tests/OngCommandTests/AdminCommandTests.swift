import Foundation
import JobQueue
import JobQueueTesting
import LibpqClient
import Testing

/// The admin commands as a person uses them, against a queue whose jobs they know no type of.
@Suite struct AdminCommandTests {
  @Test("A job is enqueued, found, told and cancelled by its id")
  func lifeOfAJob() async throws {
    try await BuiltCommand.withQueue { ong, _ in
      #expect(try await ong.run("queues", "create", "mail").status == 0)
      let enqueued = try await ong.run(
        "enqueue", "mail", "welcome.send", #"{"to": "Ái", "n": 12345678901234567890}"#,
        "--priority", "high", "--unique-key", "k")
      #expect(enqueued.status == 0)
      let id = enqueued.output.trimmingCharacters(in: .whitespacesAndNewlines)
      #expect(Int64(id) != nil)
      let list = try await ong.run("jobs", "ls", "--queue", "mail", "--state", "waiting")
      #expect(list.output.contains("welcome.send"))
      let story = try await ong.run("jobs", "show", id)
      #expect(story.output.contains("waiting: next of its band"))
      #expect(story.output.contains(#"{"n": 12345678901234567890, "to": "Ái"}"#))
      #expect(try await ong.run("jobs", "cancel", id).output == "\(id)  cancelled\n")
      let cancelled = try await ong.run("jobs", "show", id, "--json")
      let json = try JSONSerialization.jsonObject(with: Data(cancelled.output.utf8))
      #expect((json as? [String: Any])?["state"] as? String == "cancelled")
      let again = try await ong.run("jobs", "cancel", id)
      #expect(again.status == 6)
      #expect(again.errors.contains("job \(id) is cancelled"))
    }
  }

  @Test("A payload comes from standard input, and later jobs are shown with their time")
  func input() async throws {
    try await BuiltCommand.withQueue { ong, queue in
      try await queue.createQueue("mail")
      let enqueued = try await ong.run(
        "enqueue", "mail", "x", "-", "--delay", "2h", input: #"{"a": 1}"#)
      #expect(enqueued.status == 0)
      let list = try await ong.run("jobs", "ls", "--json")
      let jobs = try #require(
        try JSONSerialization.jsonObject(with: Data(list.output.utf8)) as? [[String: Any]])
      #expect(jobs.count == 1)
      #expect(jobs[0]["state"] as? String == "scheduled")
      #expect((jobs[0]["run_at"] as? String)?.hasSuffix("Z") == true)
    }
  }

  @Test("A secret field is shown when it is asked for, and only then")
  func secret() async throws {
    try await BuiltCommand.withQueue { ong, queue in
      try await queue.createQueue("mail")
      let payload = #"{"to": "an@example.vn", "code": {"ong_secret": "s3cret"}}"#
      let id = try await ong.run("enqueue", "mail", "x", "-", input: payload).output
        .trimmingCharacters(in: .whitespacesAndNewlines)
      for flags in [[], ["--json"]] {
        let shown = try await ong.run(["jobs", "show", id] + flags)
        #expect(shown.status == 0)
        #expect(shown.output.contains("an@example.vn") && !shown.output.contains("s3cret"))
        let revealed = try await ong.run(["jobs", "show", id, "--reveal"] + flags)
        #expect(revealed.output.contains("s3cret"))
      }
    }
  }

  @Test("A queue is paused and resumed, and shows it")
  func pause() async throws {
    try await BuiltCommand.withQueue { ong, queue in
      try await queue.createQueue("mail")
      #expect(try await ong.run("queues", "pause", "mail").status == 0)
      #expect(try await ong.run("queues", "show", "mail").output.contains("paused since"))
      #expect(try await ong.run("queues").output.contains("paused"))
      #expect(try await ong.run("queues", "resume", "mail").status == 0)
      #expect(try await ong.run("queues").output.contains("active"))
    }
  }

  @Test("A table fits the columns it is given; a pipe gets everything")
  func width() async throws {
    try await BuiltCommand.withQueue { ong, queue in
      let name = "hàng-đợi-" + String(repeating: "dài-", count: 20)
      try await queue.createQueue(name)
      var narrow = ong
      narrow.environment["COLUMNS"] = "60"
      let table = try await narrow.run("queues")
      #expect(table.output.split(separator: "\n").allSatisfy { $0.count <= 60 })
      #expect(table.output.contains("…"))
      #expect(try await ong.run("queues").output.contains(name))
    }
  }

  @Test(
    "What does not exist is exit code 3",
    arguments: [
      ["jobs", "show", "99"], ["jobs", "retry", "99"], ["queues", "show", "no"],
      ["queues", "pause", "no"], ["workers", "show", "0000"], ["workers", "drain", "0000"],
      ["workers", "alive"], ["enqueue", "no", "x"],
    ])
  func notFound(arguments: [String]) async throws {
    try await BuiltCommand.withQueue { ong, _ in
      let running = try ong.start(arguments)
      #expect(try await running.ended() == 3)
      #expect(running.errors.hasPrefix("error: "))
    }
  }

  @Test(
    "What cannot be understood is exit code 2",
    arguments: [
      ["nonsense"], ["jobs", "show", "x"], ["jobs", "ls", "--state", "lost"],
      ["jobs", "ls", "--limit", "0"], ["enqueue", "q", "k", "{", "--delay", "5"],
      ["enqueue", "default", "k", "{"], ["dead", "retry"], ["up", "--listen", "0.0.0.0"],
      ["work", "--queue", "a=b"], ["up", "--grace", "soon"],
    ])
  func usage(arguments: [String]) async throws {
    try await BuiltCommand.withQueue { ong, queue in
      try await queue.createQueue("default")
      let running = try ong.start(arguments)
      #expect(try await running.ended() == 2)
      #expect(running.output == "")
      #expect(running.errors != "")
    }
  }

  @Test("A database that does not answer is exit code 4, with what to do")
  func unreachable() async throws {
    var ong = BuiltCommand(environment: ["ONG_DATABASE_URL": "postgresql://127.0.0.1:1/"])
    let refused = try await ong.run("queues")
    #expect(refused.status == 4)
    #expect(refused.errors.contains("fix: Is the server running there?"))
    try await BuiltCommand.inFolder { ong in
      let none = try await ong.run("queues")
      #expect(none.status == 4)
      #expect(none.errors.contains("start 'ong up' in this folder"))
    }
    ong.environment = [:]
  }

  @Test("Without a schema the exit code is 5, and migrate mends it, once")
  func schema() async throws {
    try await TestDatabase.withDatabase { database in
      let ong = BuiltCommand(environment: ["ONG_DATABASE_URL": database.configuration.conninfo])
      let missing = try await ong.run("queues")
      #expect(missing.status == 5)
      #expect(missing.errors.contains("ong migrate up"))
      #expect(try await ong.run("migrate", "status").status == 5)
      let first = try await ong.run("migrate", "up")
      #expect(first.status == 0)
      #expect(first.output.contains("queue: 0001_journals"))
      #expect(
        try await ong.run("migrate", "up").output == "queue: up to date\nemulation: up to date\n")
      let status = try await ong.run("migrate", "status")
      #expect(status.status == 0)
      #expect(!status.output.contains("pending"))
      #expect(try await ong.run("queues").status == 0)
    }
  }

  @Test("The printed SQL needs no database")
  func printedSQL() async throws {
    let script = try await BuiltCommand().run(
      "migrate", "sql", "--set", "queue", "--schema", "jobs")
    #expect(script.status == 0)
    #expect(script.output.contains("create schema \"jobs\""))
  }

  @Test("Help and completion scripts are results")
  func help() async throws {
    let help = try await BuiltCommand().run("--help")
    #expect(help.status == 0)
    #expect(help.output.contains("Exit codes"))
    for shell in ["bash", "zsh", "fish"] {
      let script = try await BuiltCommand().run("--generate-completion-script", shell)
      #expect(script.status == 0)
      #expect(script.output.contains("succeeded"))  // values of --state
    }
  }
}
