import Foundation
import JobQueue
import ProcessSpawning

/// Starting and awaiting the process of a `SuspectChild`.
enum SuspectProcess {
  /// Tells the program that it is such a child; the channel is its standard input.
  static let mark = "ONG_SUSPECT_CHILD"

  /// The file that runs, also when a new version was put in its place meanwhile.
  private static let executable = "/proc/self/exe"

  /// Starts this program with one end of a socket as its standard input and no other descriptor of
  /// ours but standard output and error; answers the process and the other end.
  static func start(_ arguments: [String]) throws -> (process: Int32, socket: Int32) {
    var ends: [Int32] = [-1, -1]
    let type = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
    guard socketpair(AF_UNIX, type, 0, &ends) == 0 else { throw SpawnFailed(errno) }
    defer { close(ends[1]) }
    do {
      let process = try Spawning.spawn(
        executable, arguments,
        environment: ProcessInfo.processInfo.environment.merging([mark: "1"]) { $1 }
      ) { actions in
        posix_spawn_file_actions_adddup2(&actions, ends[1], 0)
        _ = Spawning.closeFrom?(&actions, 3)
      }
      return (process, ends[0])
    } catch {
      close(ends[0])
      throw SpawnFailed(error.number)
    }
  }

  /// Waits for the end of the process; answers its status, 128 + n after signal n. `ended` is called
  /// while the number can't be anybody else's yet.
  static func wait(for process: Int32, ended: (Int32) -> Void) -> Int32 {
    var info = siginfo_t()
    while waitid(P_PID, id_t(process), &info, WEXITED | WNOWAIT) < 0 && errno == EINTR {}
    let status = info._sifields._sigchld.si_status
    let told = info.si_code == CLD_EXITED ? status : 128 + status
    ended(told)
    var raw: Int32 = 0
    while waitpid(process, &raw, 0) < 0 && errno == EINTR {}
    return told
  }
}

/// No child process could be started.
struct SpawnFailed: Error, CustomStringConvertible {
  let description: String

  init(_ number: Int32) {
    description = "cannot start this program once more: \(String(cString: strerror(number)))"
  }
}
