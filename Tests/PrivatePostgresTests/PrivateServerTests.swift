import Foundation
import Glibc
import LibpqClient
import Testing

@testable import PrivatePostgres

/// A folder of one test, removed afterwards.
func withFolder(
  _ name: String = "ong", _ body: (String) async throws -> Void
) async throws {
  var base = Array("/tmp/ong-server-XXXXXX".utf8CString)
  try #require(mkdtemp(&base) != nil)
  let path = base.withUnsafeBufferPointer { String(cString: $0.baseAddress!) }
  chmod(path, 0o755)
  defer { try? FileManager.default.removeItem(atPath: path) }
  try await body(path + "/" + name)
}

func count(_ server: PrivateServer, _ sql: String) async throws -> Int {
  let connection = try await Connection.open(server.configuration())
  let value = try await connection.query(sql)[0, 0].decode(Int.self)
  await connection.close()
  return value
}

func execute(_ server: PrivateServer, _ script: String) async throws {
  let connection = try await Connection.open(server.configuration())
  try await connection.execute(script: script)
  await connection.close()
}

@Suite("A private server", .timeLimit(.minutes(3)))
struct PrivateServerTests {
  @Test("it keeps its data, listens on a guarded socket alone, and runs as a normal user")
  func durable() async throws {
    try await withFolder { folder in
      let first = try await PrivateServer.start(.init(folder: folder))
      try await execute(first, "CREATE TABLE kept (a int8); INSERT INTO kept VALUES (7)")
      let settings =
        "SELECT count(*) FROM pg_settings WHERE name = 'listen_addresses' AND setting = ''"
      #expect(try await count(first, settings) == 1)
      let socket = try #require(FileStatus(folder + "/socket"))
      #expect(socket.mode & 0o777 == 0o700)
      let process = try #require(first.processID)
      #expect(FileStatus("/proc/\(process)")?.owner == socket.owner && socket.owner != 0)
      try await first.stop()
      #expect(!first.isRunning && !Holder.isRunning(process))

      let second = try await PrivateServer.start(.init(folder: folder))
      #expect(try await count(second, "SELECT a FROM kept") == 7)
      try await second.stop()
    }
  }

  @Test("only one program at a time runs the server of a folder")
  func inUse() async throws {
    try await withFolder { folder in
      let server = try await PrivateServer.start(.init(folder: folder, lifetime: .temporary))
      let error = await #expect(throws: PrivateServerError.self) {
        try await PrivateServer.start(.init(folder: folder))
      }
      #expect(error?.kind == .inUse && error?.message.contains("\(getpid())") == true)
      try await server.stop()
    }
  }

  @Test("a temporary server takes its folder along")
  func temporary() async throws {
    try await withFolder { folder in
      let server = try await PrivateServer.start(.init(folder: folder, lifetime: .temporary))
      try await server.restart()
      #expect(try await count(server, "SELECT 1") == 1)
      try await server.stop()
      let left = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
      #expect(left == [])
    }
  }

  @Test(
    "folders with strange and long names work",
    arguments: ["có dấu & 'ngoặc'", "a,b\"c", String(repeating: "dài", count: 40)])
  func names(name: String) async throws {
    try await withFolder(name) { folder in
      let server = try await PrivateServer.start(.init(folder: folder, lifetime: .temporary))
      #expect(try await count(server, "SELECT 1") == 1)
      try await server.stop()
    }
  }

  @Test("a setting that the server refuses is reported in its own words")
  func badSetting() async throws {
    try await withFolder { folder in
      var settings = PrivateServer.Settings(folder: folder, lifetime: .temporary)
      settings.parameters = ["shared_buffers": "nonsense"]
      let error = await #expect(throws: PrivateServerError.self) {
        try await PrivateServer.start(settings)
      }
      #expect(error?.kind == .startFailed && error?.message.contains("shared_buffers") == true)
      #expect(error?.hint?.contains("server.log") == true)
    }
  }

  @Test("data of another PostgreSQL version is refused, both versions named")
  func otherVersion() async throws {
    try await withFolder { folder in
      try FileManager.default.createDirectory(
        atPath: folder + "/data", withIntermediateDirectories: true)
      try "9\n".write(toFile: folder + "/data/PG_VERSION", atomically: true, encoding: .utf8)
      let error = await #expect(throws: PrivateServerError.self) {
        try await PrivateServer.start(.init(folder: folder))
      }
      #expect(error?.kind == .versionMismatch)
      #expect(error?.description.contains("PostgreSQL 9") == true)
    }
  }

  @Test("root in a folder that the server's user cannot reach gets one in /var/lib/ong")
  func unreachable() async throws {
    guard geteuid() == 0 else { return }
    try await withFolder("closed/.ong/postgres") { folder in
      let closed = folder.replacingOccurrences(of: "/.ong/postgres", with: "")
      try FileManager.default.createDirectory(
        atPath: closed + "/.ong", withIntermediateDirectories: true,
        attributes: [.posixPermissions: 0o700])
      chmod(closed, 0o700)
      for _ in 1...2 {
        let server = try await PrivateServer.start(.init(folder: folder, lifetime: .temporary))
        #expect(server.location.hasPrefix("/var/lib/ong/"))
        let link = try FileManager.default.destinationOfSymbolicLink(atPath: folder)
        #expect(link == server.location)
        try await server.stop()
        rmdir(server.location)
      }
    }
  }
}

@Suite("Finding the server's programs")
struct ServerProgramsTests {
  @Test("versions are read from what the server says")
  func versions() {
    #expect(ServerPrograms.major("postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)\n") == 15)
    #expect(ServerPrograms.major("postgres (PostgreSQL) 18beta1") == 18)
    #expect(ServerPrograms.major("nonsense") == nil)
  }

  @Test("a wrong PG_BIN is named")
  func wrongFolder() async {
    let error = await #expect(throws: PrivateServerError.self) {
      try await ServerPrograms.find(version: nil, environment: ["PG_BIN": "/nowhere"])
    }
    #expect(error?.kind == .programsMissing && error?.message.contains("/nowhere") == true)
  }

  @Test("they are found without PATH")
  func withoutPath() async throws {
    let programs = try await ServerPrograms.find(version: nil, environment: ["PATH": "/nowhere"])
    #expect(programs.version >= 14)
  }
}
