package import Glibc

/// Starts processes by `posix_spawn`, apart from this one in all that would tie them to it.
///
/// The child gets an empty signal mask (Dispatch's threads block every signal), default signal actions
/// and its own process group (a Ctrl-C in the terminal is this program's to handle).
package enum Spawning {
  package typealias FileActions = posix_spawn_file_actions_t

  /// The error number with which a process could not be started.
  package struct Failure: Error {
    package let number: Int32

    /// In the system's words.
    package var reason: String { String(cString: strerror(number)) }
  }

  /// Starts `file` and returns the number of its process.
  ///
  /// - Parameters:
  ///   - arguments: with the program's name first.
  ///   - streams: says what the child's descriptors are to be.
  package static func spawn(
    _ file: String, _ arguments: [String], environment: [String: String],
    streams: (inout FileActions) -> Void
  ) throws(Failure) -> Int32 {
    var actions = FileActions()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    streams(&actions)
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    addSignals(&attributes)
    let arguments = arguments.map { strdup($0) } + [nil]
    let variables = environment.map { strdup("\($0)=\($1)") } + [nil]
    defer { for text in arguments + variables { free(text) } }
    var process: pid_t = 0
    let failure = posix_spawn(&process, file, &actions, &attributes, arguments, variables)
    guard failure == 0 else { throw Failure(number: failure) }
    return process
  }

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

  /// Has all descriptors from a number on closed in the child, also those that another thread opens
  /// just now without close-on-exec: a process that held the end of somebody's pipe would keep him
  /// waiting for ever. Nil before glibc 2.34; it hides the function from Swift.
  package static let closeFrom: CloseFrom? = dlsym(
    nil, "posix_spawn_file_actions_addclosefrom_np"
  ).map { unsafeBitCast($0, to: CloseFrom.self) }

  package typealias CloseFrom =
    @convention(c) (UnsafeMutablePointer<FileActions>, Int32) -> Int32
}
