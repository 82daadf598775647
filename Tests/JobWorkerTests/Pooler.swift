import Foundation
import JobQueueTesting
import LibpqClient
import PrivatePostgres
import Testing

/// A PgBouncer in transaction mode before a test's database, with only two sessions of the server.
actor Pooler {
  static let sessions = 2
  /// How to come in by it.
  nonisolated let configuration: ConnectionConfiguration
  private let folder: String
  private let user = ServerUser.choose(dataOwner: nil)
  private var process: ChildProcess?

  static func with(_ test: TestQueue, _ body: (Pooler) async throws -> Void) async throws {
    let pooler = try await Pooler(before: test)
    do {
      try await pooler.start()
      try await body(pooler)
      await pooler.stop()
    } catch {
      await pooler.stop()
      throw error
    }
    try FileManager.default.removeItem(atPath: pooler.folder)
  }

  private init(before test: TestQueue) async throws {
    folder = "/tmp/ong-pooler-\(UUID().uuidString.prefix(8))"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
    // PgBouncer does not run as root, so it is another user who makes the socket.
    try FileManager.default.setAttributes([.posixPermissions: 0o777], ofItemAtPath: folder)
    let server = try await test.pool.query(
      "select current_setting('unix_socket_directories'), current_setting('port'), current_database()"
    )[0]
    let (socket, port) = try (server[0].decode(String.self), server[1].decode(String.self))
    let settings = """
      [databases]
      * = host=\(socket) port=\(port) user=postgres
      [pgbouncer]
      unix_socket_dir = \(folder)
      listen_port = 6432
      auth_type = any
      pool_mode = transaction
      default_pool_size = \(Self.sessions)
      server_check_delay = 0

      """
    try Data(settings.utf8).write(to: URL(filePath: folder + "/pgbouncer.ini"))
    let database = try server[2].decode(String.self)
    var configuration = ConnectionConfiguration(
      "host=\(folder) port=6432 user=postgres dbname=\(database)")
    configuration.pooling = .transaction
    self.configuration = configuration
  }

  func start() async throws {
    let program = try #require(Self.program, "pgbouncer is installed by scripts/test")
    process = try ChildProcess(user.commandPrefix + [program, folder + "/pgbouncer.ini"])
    try await eventually("a connection by way of the pooler") { [configuration] in
      guard let connection = try? await Connection.open(configuration) else { return false }
      await connection.close()
      return true
    }
  }

  /// As by a crash: nobody is told anything.
  func stop() async {
    guard let process else { return }
    kill(process.id, SIGKILL)
    _ = await process.waitForExit(within: .seconds(30))
    self.process = nil
  }

  private static var program: String? {
    let folders = ["/usr/sbin", "/usr/bin", "/usr/local/sbin", "/usr/local/bin"]
    return folders.map { $0 + "/pgbouncer" }
      .first { FileManager.default.isExecutableFile(atPath: $0) }
  }
}
