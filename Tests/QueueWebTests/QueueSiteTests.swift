import Hummingbird
import JobQueue
import JobQueueTesting
import LibpqClient
import Logging
import QueueSchema
import Testing
import WebServing
import WebTesting

@testable import QueueWeb

extension TestTemplate {
  fileprivate static let queue = TestTemplate("queue_web") { try await Migrator($0).up() }
}

/// Runs a test against the routes over a database of its own.
private func browse(
  _ template: TestTemplate = .queue,
  admit: @escaping @Sendable (Request) async throws -> Void = { _ in },
  schemas: [(set: MigrationSet, name: String)] = [(.queue, "ong")],
  _ body: @escaping @Sendable (SiteClient, ConnectionPool) async throws -> Void
) async throws {
  try await TestDatabase.withDatabase(template: template) { database in
    let pool = ConnectionPool(database.configuration, size: 2)
    let site = QueueSite(
      queue: JobQueue(pool: pool), readiness: QueueSite.databaseCheck(pool, schemas: schemas),
      admit: admit)
    let server = try WebServer(
      configuration: WebConfiguration(), sites: [site], errorPages: JSONErrorPages(),
      logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    try await server.browse { try await body($0, pool) }
    await pool.close()
  }
}

@Suite(.timeLimit(.minutes(1)))
struct QueueSiteTests {
  @Test func `queues and workers are told as on the command line`() async throws {
    try await browse { client, pool in
      let queue = JobQueue(pool: pool)
      try await queue.createQueue("mail")
      try await queue.enqueue(kind: "x", json: "{}", queue: "mail")
      try await client.execute(uri: "/api/queues", method: .get) { response in
        #expect(response.status == .ok)
        #expect(response.headers[.contentType] == "application/json; charset=utf-8")
        let text = String(buffer: response.body)
        #expect(text.contains(#""name" : "mail""#))
        #expect(text.contains(#""waiting" : 1"#))
        #expect(text.contains(#""is_waiting_capped" : false"#))
      }
      try await client.execute(uri: "/api/workers", method: .get) { response in
        #expect(String(buffer: response.body).contains(#""workers" : ["#))
      }
    }
  }

  @Test func `who may not read what queues and workers do is told only that the process is well`()
    async throws
  {
    let refuse: @Sendable (Request) throws -> Void = { _ in
      throw WebFailure(.forbidden, .signInNeeded)
    }
    try await browse(admit: refuse) { client, _ in
      for path in ["/api/queues", "/api/workers"] {
        try await client.execute(uri: path, method: .get) { response in
          #expect(response.status == .forbidden)
          #expect(String(buffer: response.body).contains(#""reason":"signInNeeded""#))
        }
      }
      for path in ["/healthz", "/readyz"] {
        try await client.execute(uri: path, method: .get) { #expect($0.status == .ok) }
      }
    }
  }

  @Test func `a process with its schema is ready`() async throws {
    try await browse { client, _ in
      try await client.execute(uri: "/readyz", method: .get) { #expect($0.status == .ok) }
    }
  }

  @Test func `a missing schema is named with its remedy, and the process is alive`() async throws {
    try await browse(.empty) { client, _ in
      try await client.execute(uri: "/readyz", method: .get) { response in
        #expect(response.status == .serviceUnavailable)
        #expect(String(buffer: response.body).contains("Run: ong migrate up"))
      }
      try await client.execute(uri: "/healthz", method: .get) { #expect($0.status == .ok) }
    }
  }

  @Test func `a database that is away is said without saying where it is`() async throws {
    try await browse { client, pool in
      await pool.close()
      try await client.execute(uri: "/readyz", method: .get) { response in
        #expect(response.status == .serviceUnavailable)
        #expect(String(buffer: response.body).contains("the database does not answer"))
      }
      try await client.execute(uri: "/api/queues", method: .get) { response in
        #expect(response.status == .serviceUnavailable)
        #expect(String(buffer: response.body).contains(#""error""#))
      }
    }
  }

  @Test func `the API changes nothing`() async throws {
    try await browse { client, _ in
      for method in [HTTPRequest.Method.post, .put, .delete] {
        try await client.execute(uri: "/api/queues", method: method) {
          #expect($0.status.kind == .clientError)
        }
      }
    }
  }
}
