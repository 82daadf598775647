import FoundationEssentials
import Glibc
import LibpqClient
public import PrivatePostgres
import Synchronization

/// A PostgreSQL server for tests: 200 connections, no fsync, no TCP port, its folder in /tmp. It
/// stops and its folder goes when the test process ends, however that ends.
public final class TestCluster: Sendable {
  public let server: PrivateServer
  private let administration: ConnectionPool
  /// The templates' databases, made at the first use.
  private let templates = Mutex<[String: Task<String, any Error>]>([:])
  private let nextDatabase = Atomic<Int>(0)

  /// The cluster of this process, started at the first use. Tests must not stop or restart it.
  public static var shared: TestCluster {
    get async throws { try await sharedStart.value }
  }

  private static let sharedStart = Task { try await start() }

  /// A cluster of the caller's own, for tests that stop or restart the server, or that need
  /// TCP or other settings. Stop it with `stop()`.
  public static func start(
    tcp: Bool = false, parameters: [String: String] = [:]
  ) async throws -> TestCluster {
    var folder = Array("/tmp/ong-test-XXXXXX".utf8CString)
    guard mkdtemp(&folder) != nil else { throw TestClusterError(message: "cannot write to /tmp") }
    let path = folder.withUnsafeBufferPointer { String(cString: $0.baseAddress!) }
    var settings = PrivateServer.Settings(folder: path, lifetime: .temporary)
    settings.parameters = parameters
    settings.tcpPort = tcp ? try freePort() : nil
    do {
      return TestCluster(try await PrivateServer.start(settings))
    } catch {
      try? FileManager.default.removeItem(atPath: path)
      throw error
    }
  }

  private init(_ server: PrivateServer) {
    self.server = server
    administration = ConnectionPool(server.configuration(), size: 3, acquireTimeout: .seconds(60))
  }

  public func stop() async throws {
    await administration.close()
    try await server.stop()
  }

  /// A new database with the template's content, for the caller to drop.
  public func createDatabase(_ template: TestTemplate = .empty) async throws -> TestDatabase {
    let source = try await prepared(template)
    let number = nextDatabase.add(1, ordering: .relaxed).newValue
    let name = "test_\(number)_\(template.name)"
    try await administration.query(
      "CREATE DATABASE \(name) TEMPLATE \(source)", timeout: .seconds(60))
    return TestDatabase(name: name, cluster: self)
  }

  /// Ends what is connected to the database and drops it.
  public func drop(_ database: TestDatabase) async throws {
    try await administration.query(
      "DROP DATABASE IF EXISTS \(database.name) WITH (FORCE)", timeout: .seconds(60))
  }

  private func prepared(_ template: TestTemplate) async throws -> String {
    let task = templates.withLock { templates in
      if let task = templates[template.name] { return task }
      let task = Task { try await self.prepare(template) }
      templates[template.name] = task
      return task
    }
    return try await task.value
  }

  private func prepare(_ template: TestTemplate) async throws -> String {
    let name = "template_\(template.name)"
    try await administration.query("CREATE DATABASE \(name)", timeout: .seconds(60))
    let connection = try await Connection.open(server.configuration(database: name))
    do {
      try await template.prepare(connection)
    } catch {
      await connection.close()
      throw error
    }
    await connection.close()
    return name
  }

  /// A port that was free a moment ago.
  package static func freePort() throws -> Int {
    let socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(socket) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = inet_addr("127.0.0.1")
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    let bound = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(socket, $0, size) == 0 && getsockname(socket, $0, &size) == 0
      }
    }
    guard bound else { throw TestClusterError(message: "no TCP port is free") }
    return Int(in_port_t(bigEndian: address.sin_port))
  }
}

public struct TestClusterError: Error, Sendable {
  public let message: String
}
