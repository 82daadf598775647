import Foundation
import Glibc
import LibpqClient
import PrivatePostgres
import Testing

@Suite("Recovery after a kill", .timeLimit(.minutes(3)))
struct RecoveryTests {
  /// The next start must find the committed row, and stop cleanly.
  private func expectRecovery(in folder: String) async throws {
    let server = try await PrivateServer.start(.init(folder: folder))
    #expect(try await count(server, "SELECT count(*) FROM kept") == 1)
    try await server.stop()
  }

  private func awaitEnd(of process: pid_t) async throws {
    let end = ContinuousClock.now + .seconds(30)
    while Holder.isRunning(process) {
      try #require(ContinuousClock.now < end, "process \(process) does not end")
      try await Task.sleep(for: .milliseconds(10))
    }
  }

  @Test("kill -9 of the program stops its server, with everything written down")
  func program() async throws {
    try await withFolder { folder in
      let holder = try Holder(folder: folder)
      kill(holder.processID, SIGKILL)
      try await awaitEnd(of: holder.serverID)
      let log = try String(contentsOfFile: folder + "/server.log", encoding: .utf8)
      #expect(log.contains("received fast shutdown request"))
      #expect(log.contains("database system is shut down"))
      try await expectRecovery(in: folder)
    }
  }

  @Test("a start right after the kill waits for the old server's end")
  func atOnce() async throws {
    try await withFolder { folder in
      let holder = try Holder(folder: folder)
      kill(holder.processID, SIGKILL)
      try await expectRecovery(in: folder)
    }
  }

  @Test("a server that lost its shell too is stopped and replaced")
  func orphan() async throws {
    try await withFolder { folder in
      let holder = try Holder(folder: folder)
      for shell in holder.shells { kill(shell, SIGKILL) }
      kill(holder.processID, SIGKILL)
      try await awaitEnd(of: holder.processID)
      #expect(Holder.isRunning(holder.serverID))
      try await expectRecovery(in: folder)
      #expect(!Holder.isRunning(holder.serverID))
    }
  }

  @Test("kill -9 of everything is a crash that the next start recovers from")
  func everything() async throws {
    try await withFolder { folder in
      let holder = try Holder(folder: folder)
      for process in holder.shells + [holder.processID, holder.serverID] { kill(process, SIGKILL) }
      try await expectRecovery(in: folder)
    }
  }

  @Test("a pid file that names a stranger is not believed")
  func strangersPid() async throws {
    try await withFolder { folder in
      let server = try await PrivateServer.start(.init(folder: folder))
      try await execute(server, "CREATE TABLE kept (a int8); INSERT INTO kept VALUES (1)")
      try await server.stop()
      let file = folder + "/data/postmaster.pid"
      try "\(getppid())\n\(folder)/data\n".write(toFile: file, atomically: true, encoding: .utf8)
      try await expectRecovery(in: folder)
      #expect(kill(getppid(), 0) == 0)
    }
  }

  @Test("an initdb that was cut short is begun again")
  func halfACluster() async throws {
    try await withFolder { folder in
      let half = folder + "/data.new/base"
      try FileManager.default.createDirectory(atPath: half, withIntermediateDirectories: true)
      if geteuid() == 0 {
        let postgres = try #require(getpwnam("postgres")).pointee
        for path in [folder, folder + "/data.new", half] {
          chown(path, postgres.pw_uid, postgres.pw_gid)
        }
      }
      let server = try await PrivateServer.start(.init(folder: folder))
      #expect(try await count(server, "SELECT 1") == 1)
      try await server.stop()
    }
  }
}
