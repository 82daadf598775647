import FoundationEssentials
import Glibc
import PrivatePostgres

/// A disk of the run's own (a tmpfs), whose size can be cut to what is used.
struct SmallDisk: Sendable {
  let folder: String
  /// Bytes; memory is taken only for what is used.
  private static let size = 4 << 30

  /// Throws where the machine does not let us: it takes root.
  static func mount(at folder: String) async throws -> SmallDisk {
    let disk = SmallDisk(folder: folder)
    try await run("mount", "-t", "tmpfs", "-o", "size=\(size),mode=0755", "ong-chaos", folder)
    return disk
  }

  /// Leaves a few pages at the most.
  func fill() async throws {
    var state = statvfs()
    guard statvfs(folder, &state) == 0 else { throw ChaosError("cannot look at \(folder)") }
    let used = (state.f_blocks - state.f_bfree) * state.f_frsize
    // What was written since is more than this is, so it is tried with a little more.
    for slack in [64, 256, 1024, 8192] as [UInt] {
      let size = used + slack * 1024
      if (try? await Self.run("mount", "-o", "remount,size=\(size)", folder)) != nil { return }
    }
    throw ChaosError("the disk cannot be filled")
  }

  func free() async throws {
    try await Self.run("mount", "-o", "remount,size=\(Self.size)", folder)
  }

  func unmount() async { try? await Self.run("umount", "-l", folder) }

  private static func run(_ command: String...) async throws {
    let program = "/usr/bin/" + command[0]
    let run = try await ChildProcess.run(
      [access(program, X_OK) == 0 ? program : "/bin/" + command[0]] + command.dropFirst())
    guard run.status == 0 else {
      throw ChaosError("\(command.joined(separator: " ")): \(run.output.prefix(200))")
    }
  }
}
