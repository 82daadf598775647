import Foundation
import JobQueueTesting
import LibpqClient
import PrivatePostgres
import Testing

@Suite(
  "TLS", .enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/openssl")),
  .timeLimit(.minutes(3)))
struct TLSTests {
  /// A server with a self-signed certificate for localhost, which its own user makes.
  private func withServer(
    _ body: (_ port: Int, _ certificate: String) async throws -> Void
  ) async throws {
    let cluster = try await TestCluster.start(tcp: true)
    let connection = try await Connection.open(cluster.server.configuration())
    let make = """
      openssl req -new -x509 -days 2 -nodes -subj /CN=localhost -addext \
      subjectAltName=DNS:localhost -out server.crt -keyout server.key 2>/dev/null && \
      chmod 600 server.key
      """
    try await connection.execute(script: "DO $$ BEGIN COPY (SELECT 1) TO PROGRAM '\(make)'; END $$")
    let text = try await connection.query("SELECT pg_read_file('server.crt')")[0, 0].decode(
      String.self)
    let certificate = FileManager.default.temporaryDirectory.appending(path: "\(UUID()).crt")
    try text.write(to: certificate, atomically: true, encoding: .utf8)
    defer { try? FileManager.default.removeItem(at: certificate) }
    try await connection.query("ALTER SYSTEM SET ssl = on")
    try await cluster.server.restart()
    try await body(try #require(cluster.server.settings.tcpPort), certificate.path)
    try await cluster.stop()
  }

  @Test("settings pass through, and large pipelines and COPY work over TLS")
  func large() async throws {
    try await withServer { port, certificate in
      let connection = try await Connection.open(
        ConnectionConfiguration(
          "postgresql://postgres@localhost:\(port)/postgres?sslmode=verify-full&sslrootcert=\(certificate)"
        ))
      let version = try await connection.query(
        "SELECT version FROM pg_stat_ssl WHERE ssl AND pid = pg_backend_pid()")
      #expect(try version[0, 0].decode(String.self).hasPrefix("TLS"))
      let text = String(repeating: "x", count: 30_000)
      let requests = (0..<400).map {
        PipelineRequest.query("SELECT $1::text, $2::int8", [text, $0])
      }
      for (number, outcome) in try await connection.pipeline(requests).enumerated() {
        #expect(try outcome.get()[0, 1].decode(Int.self) == number)
      }
      try await connection.execute(script: "CREATE TEMP TABLE t (a text)")
      let chunks = Array(repeating: Array((text + "\n").utf8), count: 200)
      let rows = try await connection.copyIn("COPY t FROM STDIN", chunks)
      #expect(rows == 200)
      let all = try await connection.query("SELECT a FROM t")
      #expect(all.count == 200)
      await connection.close()
    }
  }

  @Test("a certificate that cannot be verified is refused, with a hint")
  func refused() async throws {
    try await withServer { port, _ in
      let error = await #expect(throws: DatabaseError.self) {
        try await Connection.open(
          ConnectionConfiguration(
            "postgresql://postgres@localhost:\(port)/postgres?sslmode=verify-full&sslrootcert=/nowhere"
          ))
      }
      #expect(error?.kind == .connection && error?.isRetryable == false)
      #expect(error?.hint?.contains("certificate") == true)
    }
  }
}
