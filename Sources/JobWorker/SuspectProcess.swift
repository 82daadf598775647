import Foundation
import JobQueue

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
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_adddup2(&actions, ends[1], 0)
    _ = closeFrom?(&actions, 3)
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    addSignals(&attributes)
    let arguments = arguments.map { strdup($0) } + [nil]
    let variables = ProcessInfo.processInfo.environment.merging([mark: "1"]) { $1 }
    let environment = variables.map { strdup("\($0)=\($1)") } + [nil]
    defer { for text in arguments + environment { free(text) } }
    var process: pid_t = 0
    let failure = posix_spawn(&process, executable, &actions, &attributes, arguments, environment)
    guard failure == 0 else {
      close(ends[0])
      throw SpawnFailed(failure)
    }
    return (process, ends[0])
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

  /// Dispatch's threads block every signal, and a Ctrl-C in the terminal is the worker's to handle.
  private static func addSignals(_ attributes: inout posix_spawnattr_t) {
    var none = sigset_t()
    var all = sigset_t()
    sigemptyset(&none)
    sigfillset(&all)
    posix_spawnattr_setsigmask(&attributes, &none)
    posix_spawnattr_setsigdefault(&attributes, &all)
    posix_spawnattr_setpgroup(&attributes, 0)
    posix_spawnattr_setflags(
      &attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP))
  }

  /// Descriptors that others have opened without close-on-exec would keep their peers waiting; glibc has
  /// this since 2.34 and hides it from Swift. Ours all close by themselves.
  private static let closeFrom: CloseFrom? = dlsym(
    nil, "posix_spawn_file_actions_addclosefrom_np"
  ).map { unsafeBitCast($0, to: CloseFrom.self) }

  private typealias CloseFrom =
    @convention(c) (UnsafeMutablePointer<posix_spawn_file_actions_t>, Int32) -> Int32
}

/// No child process could be started.
struct SpawnFailed: Error, CustomStringConvertible {
  let description: String

  init(_ number: Int32) {
    description = "cannot start this program once more: \(String(cString: strerror(number)))"
  }
}
