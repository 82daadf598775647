import Foundation
import JobQueueTesting
import LibpqClient
import Testing

@testable import OngCommand

#if canImport(FoundationNetworking)
  import FoundationNetworking
#endif

/// `ong accounts`, over the sample bloc.
@Suite(.timeLimit(.minutes(3))) struct AccountsCommandTests {
  private struct Listed: Decodable {
    var name: String
    var role: String
    var unit: String?
    var sessions: Int
    var disabledAt: String?

    enum CodingKeys: String, CodingKey {
      case name, role, unit, sessions
      case disabledAt = "disabled_at"
    }
  }

  private static let password = "mùa thu Hà Nội"

  @Test("Accounts are made, listed, disabled, given a new password and removed")
  func life() async throws {
    try await BuiltCommand.withMainJobDone { ong, _ in
      let none = try await ong.run("accounts")
      #expect(none.status == 0 && none.errors.contains("the pages are open"))
      let password = Self.password + "\n"
      let made = try await ong.run(
        "accounts", "add", "An", "--unit", "CTD", "--display-name", "Hội Chữ thập đỏ",
        input: password)
      #expect(made.status == 0 && made.output.isEmpty, "\(made.errors)")
      #expect(
        try await ong.run(
          "accounts", "add", "thu-ky", "--secretary", "--bloc", "HDT", input: password
        )
        .status == 0)
      let table = try await ong.run("accounts", "ls").output
      #expect(table.contains("officer of CTD") && table.contains("secretary of HDT"))
      #expect(try await list(ong).map(\.name) == ["an", "thu-ky"])

      #expect(try await ong.run("accounts", "disable", "an").status == 0)
      #expect(try await list(ong)[0].disabledAt != nil)
      #expect(try await ong.run("accounts", "enable", "an").status == 0)
      #expect(try await list(ong)[0].disabledAt == nil)
      #expect(try await ong.run("accounts", "password", "an", input: password).status == 0)
      #expect(try await ong.run("accounts", "sign-out", "an").output == "0 sessions ended\n")
      #expect(try await ong.run("accounts", "sessions", "--json").output == "[\n\n]\n")
      #expect(try await ong.run("accounts", "rm", "an").status == 0)
      let last = try await ong.run("accounts", "rm", "thu-ky")
      #expect(last.status == 6 && last.errors.contains("--open-pages"))
      #expect(try await ong.run("accounts", "rm", "thu-ky", "--open-pages").status == 0)
      #expect(try await list(ong).isEmpty)
    }
  }

  @Test("What cannot be is refused with its exit code and what to do")
  func refused() async throws {
    try await BuiltCommand.withMainJobDone { ong, _ in
      let password = Self.password + "\n"
      for (arguments, status, advice) in [
        (["add", "an"], 2, "--unit CODE or --secretary"),
        (["add", "an", "--unit", "CTD", "--secretary"], 2, "--unit CODE or --secretary"),
        (["add", "an", "--unit", "CTD", "--bloc", "HDT"], 2, "--bloc goes with --secretary"),
        (["add", "Bình", "--unit", "CTD"], 2, "a-z"),
        (["add", "an", "--unit", "CTD", "--password", "a password"], 2, "--password"),
        (["password", "an", "a password"], 2, "nexpected argument"),
        (["add", "an", "--unit", "NONE"], 3, "there is no unit NONE"),
        (["add", "an", "--secretary", "--bloc", "NONE"], 3, "HDT"),
        (["password", "nobody"], 3, "ong accounts ls"), (["disable", "nobody"], 3, "no account"),
        (["sign-out", "nobody"], 3, "no account"),
      ] as [([String], Int32, String)] {
        let ended = try await ong.run(["accounts"] + arguments, input: password)
        #expect(ended.status == status && ended.errors.contains(advice), "\(ended)")
      }
      #expect(
        try await ong.run("accounts", "add", "an", "--unit", "CTD", input: "short\n").status == 2)
      #expect(try await ong.run("accounts", "add", "an", "--unit", "CTD").status == 2)
      #expect(
        try await ong.run("accounts", "add", "an", "--unit", "CTD", input: password).status == 0)
      #expect(
        try await ong.run("accounts", "add", "an", "--unit", "CTD", input: password).status == 6)
    }
  }

  @Test("A generated password is printed once and stored nowhere; a typed one is printed nowhere")
  func generated() async throws {
    try await BuiltCommand.withMainJobDone { ong, database in
      let made = try await ong.run("accounts", "add", "an", "--unit", "CTD", "--generate")
      #expect(made.status == 0)
      let text = made.output.trimmingCharacters(in: .newlines)
      #expect(text.wholeMatch(of: /([a-z2-9]{5}-){3}[a-z2-9]{5}/) != nil, "\(made.output)")
      let connection = try await Connection.open(database.configuration)
      let stored = try await connection.query("select a::text from emulation.account a")[0, 0]
        .decode(String.self)
      await connection.close()
      #expect(stored.contains("$argon2id$") && !stored.contains(text))
      let typed = try await ong.run(
        "accounts", "add", "binh", "--unit", "LG", input: Self.password + "\n")
      let listed = try await ong.run("accounts", "ls", "--json")
      for said in [typed.output, typed.errors, listed.output, listed.errors] {
        #expect(!said.contains("thu Hà") && !said.contains("argon2"))
      }
    }
  }

  /// Gives a program a terminal, types a line of standard input at each prompt, and prints what the
  /// terminal showed.
  private static let typist = """
    import os, pty, sys
    lines = sys.stdin.read().splitlines()
    process, terminal = pty.fork()
    if process == 0:
        os.execv(sys.argv[1], sys.argv[1:])
    shown = b""
    def watch(until):
        global shown
        data = b"-"
        while data and until not in shown:
            try:
                data = os.read(terminal, 4096)
            except OSError:
                data = b""
            shown += data
    for prompt, line in zip((b"New password: ", b"Once more: "), lines):
        watch(prompt)
        os.write(terminal, line.encode() + b"\\n")
    watch(b"\\0")
    print(shown.decode())
    sys.exit(os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]))
    """

  @Test("At a terminal a password is asked for twice and never shown")
  func terminal() async throws {
    try await BuiltCommand.withMainJobDone { ong, _ in
      let python = Program(
        URL(filePath: "/usr/bin/env"), environment: ong.environment, directory: ong.directory)
      func type(_ text: String, name: String) async throws -> Program.Ended {
        try await python.run(
          ["python3", "-c", Self.typist, BuiltCommand.program.path]
            + ["accounts", "add", name, "--unit", "CTD"], input: text)
      }
      let made = try await type("mùa thx\u{7F}u Hà Nội\nmùa thu Hà Nội", name: "an")
      #expect(made.status == 0, "\(made)")
      #expect(made.output.contains("New password: ") && made.output.contains("Once more: "))
      #expect(!made.output.contains("thu") && made.output.contains("an may sign in."))
      let differ = try await type("mùa thu Hà Nội\nmùa đông Hà Nội", name: "binh")
      #expect(differ.status == 2 && differ.output.contains("were not the same"))
      let given = try await type("mùa\u{03}", name: "binh")
      #expect(given.status == 130 && given.output.contains("no password was chosen"))
      #expect(try await list(ong).map(\.name) == ["an"])
    }
  }

  @Test("Keys typed blindly are corrected, and Ctrl-C gives up")
  func keys() {
    func typed(_ text: String) -> (PasswordKeys.Next, String) {
      var keys = PasswordKeys()
      for byte in text.utf8 {
        let next = keys.take(byte)
        if next != .more { return (next, keys.text) }
      }
      return (.more, keys.text)
    }
    #expect(typed("hạ\u{7F}\u{7F}a\n") == (.done, "a"))
    #expect(typed("ab\u{15}c\r") == (.done, "c"))
    #expect(typed("ab\u{03}").0 == .interrupted)
    #expect(typed("\u{04}").0 == .interrupted)
    #expect(typed("a\u{04}") == (.done, "a"))
    #expect(typed("\u{7F}a") == (.more, "a"))
  }

  @Test("Who starts the pages is told whether they are open, and warned where others reach them")
  func started() async throws {
    try await BuiltCommand.withMainJobDone { ong, _ in
      let open = try ong.start(["web", "--listen", "0.0.0.0:0", "--insecure-listen"])
      try await open.says("http://")
      #expect(open.errors.contains("none, so the pages are open"))
      #expect(open.errors.contains("warning: other machines reach the pages"))
      #expect(open.errors.contains("fix: ong accounts add"))
      #expect(try await status(of: "api/queues", at: open) == 200)
      open.send(SIGTERM)
      #expect(try await open.ended() == 0)
      _ = try await ong.run("accounts", "add", "an", "--secretary", "--generate")
      let closed = try ong.start(["web", "--listen", "0.0.0.0:0", "--insecure-listen"])
      try await closed.says("http://")
      #expect(closed.errors.contains("sign-in is required") && !closed.errors.contains("warning"))
      #expect(try await status(of: "api/queues", at: closed) == 403)
      #expect(try await status(of: "khoi/HDT/2023", at: closed) == 200)
      closed.send(SIGTERM)
      #expect(try await closed.ended() == 0)
      let up = try ong.start(["up", "--port", "0"])
      try await up.says("Ong is up.")
      try await up.says("accounts")
      #expect(up.output.contains("sign-in is required"))
      up.send(SIGTERM)
      #expect(try await up.ended() == 0)
    }
  }

  /// How a page of a started `ong web` is answered.
  private func status(of path: String, at web: RunningProgram) async throws -> Int? {
    let port = try #require(web.output.firstMatch(of: /http:\/\/[^:]+:(\d+)/)).output.1
    let page = try #require(URL(string: "http://127.0.0.1:\(port)/\(path)"))
    let (_, response) = try await URLSession.shared.data(from: page)
    return (response as? HTTPURLResponse)?.statusCode
  }

  private func list(_ ong: BuiltCommand) async throws -> [Listed] {
    let ended = try await ong.run("accounts", "ls", "--json")
    return try JSONDecoder().decode([Listed].self, from: Data(ended.output.utf8))
  }
}
