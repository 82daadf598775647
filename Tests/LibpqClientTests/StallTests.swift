import JobQueueTesting
import LibpqClient
import PrivatePostgres
import Testing

/// One cluster with a TCP port for all tests that need a network to break.
enum TCPCluster {
  static let start = Task { try await TestCluster.start(tcp: true) }

  static var port: Int {
    get async throws { try #require(try await start.value.server.settings.tcpPort) }
  }
}

@Suite("A network that goes silent", .timeLimit(.minutes(3)))
struct StallTests {
  /// The limits of the tests; the assertions leave room for a busy machine.
  private static let limit = Duration.milliseconds(400)
  private static let atMost = Duration.seconds(5)

  private func configuration(port: Int) -> ConnectionConfiguration {
    var configuration = ConnectionConfiguration(
      "host=127.0.0.1 port=\(port) user=postgres dbname=postgres sslmode=disable")
    configuration.queryTimeout = Self.limit
    configuration.cancelGrace = Self.limit
    configuration.connectTimeout = Self.limit
    return configuration
  }

  private func withProxy(
    _ body: (StallingProxy, ConnectionConfiguration) async throws -> Void
  ) async throws {
    let proxy = try StallingProxy(to: try await TCPCluster.port)
    defer { proxy.stop() }
    var configuration = configuration(port: proxy.port)
    configuration.connectTimeout = .seconds(10)
    try await body(proxy, configuration)
  }

  /// The error must come between the deadline and the promised end, and end the connection.
  private func expectLoss(
    of connection: Connection, _ operation: () async throws -> Void
  ) async {
    let clock = ContinuousClock()
    let start = clock.now
    let error = await #expect(throws: DatabaseError.self) { try await operation() }
    let took = clock.now - start
    #expect(
      error?.kind == .timeout && error?.isConnectionLost == true, "\(String(describing: error))")
    #expect(took >= Self.limit && took < Self.atMost, "\(took)")
    #expect(!connection.isOpen)
  }

  @Test("a statement ends after its deadline and the grace for its cancel")
  func query() async throws {
    try await withProxy { proxy, configuration in
      let connection = try await Connection.open(configuration)
      try await connection.query("SELECT 1")
      proxy.stall()
      await expectLoss(of: connection) { try await connection.query("SELECT 1") }
    }
  }

  @Test("a script, a COPY and a large pipeline end too")
  func others() async throws {
    let chunk = [UInt8](repeating: 65, count: 1 << 20)
    let operations: [@Sendable (Connection) async throws -> Void] = [
      { try await $0.execute(script: "SELECT 1") },
      { try await $0.copyIn("COPY t FROM STDIN", Array(repeating: chunk, count: 64)) },
      { connection in
        let text = String(repeating: "x", count: 100_000)
        let requests = (0..<100).map { _ in PipelineRequest.query("SELECT $1::text", [text]) }
        for outcome in try await connection.pipeline(requests) { _ = try outcome.get() }
      },
    ]
    for operation in operations {
      try await withProxy { proxy, configuration in
        let connection = try await Connection.open(configuration)
        try await connection.execute(script: "CREATE TEMP TABLE t (a text)")
        proxy.stall()
        await expectLoss(of: connection) { try await operation(connection) }
      }
    }
  }

  @Test("what waits in line ends by its own deadline")
  func inLine() async throws {
    try await withProxy { _, configuration in
      let connection = try await Connection.open(configuration)
      let (first, finished) = AsyncStream<Bool>.makeStream()
      connection.submit([.query("SELECT pg_sleep(1)")], timeout: .seconds(20)) { outcomes in
        finished.yield((try? outcomes[0].get()) != nil)
      }
      let error = await #expect(throws: DatabaseError.self) {
        try await connection.query("SELECT 1", timeout: .milliseconds(200))
      }
      #expect(error?.kind == .timeout && error?.isConnectionLost == false)
      #expect(await first.first { _ in true } == true)
    }
  }

  @Test("a socket that accepts and says nothing ends the attempt to connect")
  func silentSocket() async throws {
    let silent = try StallingProxy(to: nil)
    defer { silent.stop() }
    let start = ContinuousClock.now
    let error = await #expect(throws: DatabaseError.self) {
      try await Connection.open(configuration(port: silent.port))
    }
    #expect(error?.kind == .timeout && error?.hint != nil)
    #expect(error?.message.contains("127.0.0.1:\(silent.port)") == true)
    #expect(ContinuousClock.now - start < Self.atMost)
  }

  @Test("with several hosts, a silent one is left for the next")
  func failover() async throws {
    let silent = try StallingProxy(to: nil)
    defer { silent.stop() }
    let good = try await TCPCluster.port
    for ports in ["\(silent.port),\(good)", "1,\(silent.port),\(good)"] {
      let hosts = ports.split(separator: ",").map { _ in "127.0.0.1" }.joined(separator: ",")
      var configuration = ConnectionConfiguration(
        "host=\(hosts) port=\(ports) user=postgres dbname=postgres target_session_attrs=read-write")
      configuration.connectTimeout = Self.limit
      let connection = try await Connection.open(configuration)
      #expect(connection.isOpen)
      await connection.close()
    }
  }

  @Test("cancelling the task ends an attempt to connect at once")
  func cancelConnecting() async throws {
    let silent = try StallingProxy(to: nil)
    defer { silent.stop() }
    var patient = configuration(port: silent.port)
    patient.connectTimeout = .seconds(50)
    let configuration = patient
    let task = Task { try await Connection.open(configuration) }
    task.cancel()
    let error = await #expect(throws: DatabaseError.self) { try await task.value }
    #expect(error?.kind == .cancelled)
  }
}
