import Foundation
import JobQueue
import JobQueueTesting
import LibpqClient
import Testing

#if canImport(FoundationNetworking)
  import FoundationNetworking
#endif

/// The forms of Examples/, each a process of its own, driven over HTTP.
@Suite struct FormExamplesTests {
  enum Form: String, CaseIterable {
    case php, python

    /// - Parameter port: one that was free a moment ago.
    func program(port: Int, _ environment: [String: String]) -> (Program, [String]) {
      let folder = ReadmeTests.root.appending(path: "Examples/\(rawValue)").path
      let programs = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"
      let environment = environment.merging(["PATH": programs]) { $1 }
      let (name, arguments) =
        switch self {
        case .php: ("php", ["-S", "127.0.0.1:\(port)", "-t", folder])
        case .python: ("python3", ["-B", "\(folder)/signup.py", "\(port)"])
        }
      // env finds the program in PATH: python3 may be that of the tests' virtual environment.
      return (Program(URL(filePath: "/usr/bin/env"), environment: environment), [name] + arguments)
    }
  }

  private func withForm(
    _ form: Form, _ body: (URL, Connection, JobQueue) async throws -> Void
  ) async throws {
    try await TestDatabase.withDatabase(template: .queue) { database in
      let pool = ConnectionPool(database.configuration, size: 2)
      let queue = JobQueue(pool: pool)
      try await queue.createQueue("mail")
      let port = try TestCluster.freePort()
      let (program, arguments) = form.program(port: port, database.libpqVariables)
      let running = try program.start(arguments)
      do {
        let page = try #require(URL(string: "http://127.0.0.1:\(port)/"))
        #expect(try await isServed(page), "\(running.errors)")
        try await pool.withConnection { try await body(page, $0, queue) }
      } catch {
        running.send(SIGKILL)
        await pool.close()
        throw error
      }
      running.send(SIGKILL)
      _ = try await running.ended()
      await pool.close()
    }
  }

  /// Asks until the server answers, for 20 seconds at most.
  private func isServed(_ page: URL) async throws -> Bool {
    let end = ContinuousClock.now + .seconds(20)
    while ContinuousClock.now < end {
      if let (_, status) = try? await answer(to: URLRequest(url: page)) { return status == 200 }
      try await Task.sleep(for: .milliseconds(30))
    }
    return false
  }

  private func answer(to request: URLRequest) async throws -> (String, Int) {
    let (data, response) = try await URLSession.shared.data(for: request)
    return (String(decoding: data, as: UTF8.self), (response as? HTTPURLResponse)?.statusCode ?? 0)
  }

  private func send(_ name: String, _ email: String, to page: URL) async throws -> (String, Int) {
    var request = URLRequest(url: page)
    request.httpMethod = "POST"
    var fields = URLComponents()
    fields.queryItems = [.init(name: "name", value: name), .init(name: "email", value: email)]
    request.httpBody = Data((fields.percentEncodedQuery ?? "").utf8)
    request.setValue("application/x-www-form-urlencoded", forHTTPHeaderField: "Content-Type")
    return try await answer(to: request)
  }

  @Test("What is sent is written and enqueued together", arguments: Form.allCases)
  func commit(form: Form) async throws {
    try await withForm(form) { page, connection, queue in
      let (text, status) = try await send("Bùi Thị Ái", "ai@example.vn", to: page)
      #expect(status == 200)
      let row = try await connection.query("select job, name from signup")
      #expect(row.count == 1)
      let job = try row[0, "job"].decode(Int64.self)
      #expect(try row[0, "name"].decode(String.self) == "Bùi Thị Ái")
      #expect(text.contains("Your letter is job \(job)."))
      let story = try #require(try await queue.story(job))
      #expect(story.state == .waiting)
      #expect(story.json.contains(#""to": "ai@example.vn""#))
    }
  }

  @Test("What is refused leaves neither row nor job", arguments: Form.allCases)
  func rollback(form: Form) async throws {
    try await withForm(form) { page, connection, queue in
      _ = try await send("An", "an@example.vn", to: page)
      let (text, status) = try await send("<b>An</b>", "an@example.vn", to: page)
      #expect(status == 422)
      #expect(text.contains("You are signed up already."))
      #expect(text.contains("&lt;b&gt;An&lt;/b&gt;"))
      #expect(try await send("", "other@example.vn", to: page).1 == 422)
      #expect(try await connection.query("select from signup").count == 1)
      #expect(try await queue.jobs(JobFilter(queue: "mail")).count == 1)
    }
  }
}
