import Foundation
import Glibc
import LibpqClient
import Testing

@testable import PrivatePostgres

/// A private server tried from outside, by another user of the machine. Only root can become one.
@Suite("The entrance of a private server", .enabled(if: geteuid() == 0), .timeLimit(.minutes(3)))
struct EntranceTests {
  private static let nobody = [
    "/usr/bin/setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--",
  ]

  /// What psql says as the superuser `postgres` of the server, run behind a prefix.
  private func ask(
    _ server: PrivateServer, as prefix: [String], user: String = "postgres"
  ) async throws -> (status: Int32, output: String) {
    let programs = try await ServerPrograms.find(version: nil, environment: [:])
    let psql = URL(filePath: programs.postgres).deletingLastPathComponent().path + "/psql"
    return try await ChildProcess.run(
      prefix + [
        psql, "-XAtq", "-h", server.location + "/socket", "-U", user, "-c", "select 42", "postgres",
      ])
  }

  @Test("another user cannot reach the socket, nor get in where somebody opened its folder")
  func otherUser() async throws {
    try await withFolder { folder in
      let server = try await PrivateServer.start(.init(folder: folder))
      #expect(try await ask(server, as: []).output == "42\n")
      let closed = try await ask(server, as: Self.nobody)
      #expect(closed.status != 0 && closed.output.contains("Permission denied"))

      chmod(folder, 0o755)
      chmod(folder + "/socket", 0o777)
      chmod(folder + "/socket/.s.PGSQL.5432", 0o777)
      let open = try await ask(server, as: Self.nobody)
      #expect(open.status != 0)
      #expect(open.output.contains("Peer authentication failed"), "\(open.output)")
      #expect(try await ask(server, as: []).output == "42\n")
      // No other name is let in, so that nobody's name is worth anything.
      let named = try await ask(server, as: [], user: "somebody")
      #expect(named.status != 0 && named.output.contains("rejects connection"))
      try await server.stop()
    }
  }

  @Test("its files are closed to others, and no TCP port listens")
  func closed() async throws {
    try await withFolder { folder in
      let server = try await PrivateServer.start(.init(folder: folder))
      let process = try #require(server.processID)
      for path in ["/data/pg_hba.conf", "/data/PG_VERSION", "/socket"] {
        let read = try await ChildProcess.run(Self.nobody + ["/bin/ls", folder + path])
        #expect(read.status != 0, "\(path)")
      }
      // The kernel's table: 0A is LISTEN; the last but some columns are the socket's inode.
      let sockets = Set(
        ((try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(process)/fd")) ?? [])
          .compactMap {
            try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(process)/fd/\($0)")
          })
      for table in ["tcp", "tcp6"] {
        let lines = try String(contentsOfFile: "/proc/\(process)/net/\(table)", encoding: .utf8)
          .split(separator: "\n").dropFirst().map { $0.split(separator: " ") }
        for line in lines where line.count > 9 && line[3] == "0A" {
          #expect(!sockets.contains("socket:[\(line[9])]"))
        }
      }
      try await server.stop()
    }
  }
}
