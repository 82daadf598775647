import FoundationEssentials
import Glibc
import PrivatePostgres

/// A copy of a running server's data, made by pg_basebackup as that data's owner.
enum ServerCopy {
  static func make(of server: PrivateServer, in folder: String) async throws {
    let programs = try await ServerPrograms.find(
      version: nil, environment: ProcessInfo.processInfo.environment)
    var owner = stat()
    guard stat(server.location, &owner) == 0, mkdir(folder, 0o700) == 0,
      chown(folder, owner.st_uid, owner.st_gid) == 0
    else { throw ChaosError("cannot make \(folder)") }
    let run = try await ChildProcess.run(
      ServerUser.choose(dataOwner: owner.st_uid).commandPrefix + [
        programs.folder + "/pg_basebackup", "-D", folder + "/data", "-R", "-X", "stream",
        "-c", "fast", "-h", server.location + "/socket", "-U", "postgres",
      ])
    guard run.status == 0 else {
      throw ChaosError("pg_basebackup failed: \(run.output.suffix(400))")
    }
  }
}
