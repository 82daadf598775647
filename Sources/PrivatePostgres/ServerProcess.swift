import Glibc
import Synchronization

/// A running server under a small shell that outlives this program by a moment: the shell holds the
/// read end of a socket pair, and when the write end closes, because this program closed it or
/// ended in any way, it stops the server.
final class ServerProcess: Sendable {
  private let shell: ChildProcess
  /// The write end; -1 once closed.
  private let lifeline: Mutex<Int32>

  /// $0 log file, $1 signal at the end of input, $2 and $3 what to remove then; the rest is the
  /// server's command. A line of input is a signal to stop with instead; nothing is removed then.
  private static let script = """
    cd /; umask 077; log=$0; signal=$1; trash=$2; socket=$3; shift 3
    find "$log" -size +8192k -exec mv -f {} "$log.old" ";" 2>/dev/null
    exec 3<&0 </dev/null >>"$log" 2>&1
    "$@" 3<&- & server=$!
    { if read -r word; then kill -"$word" $server; exit 0; fi; kill -"$signal" $server; exit 7; } <&3 &
    reader=$!
    wait $server; status=$?
    kill $reader 2>/dev/null
    wait $reader
    if [ $? = 7 ] && [ -n "$trash" ]; then rm -rf "$trash" "$socket"; fi
    exit $status
    """

  init(_ programs: ServerPrograms, _ settings: PrivateServer.Settings, _ folder: ServerFolder)
    throws
  {
    var ends: [Int32] = [-1, -1]
    let type = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
    guard socketpair(AF_UNIX, type, 0, &ends) == 0 else {
      throw PrivateServerError(.startFailed, "no file descriptor is left")
    }
    defer { close(ends[0]) }
    let isTemporary = settings.lifetime == .temporary
    let command =
      folder.user.commandPrefix
      + ["/bin/sh", "-c", Self.script, folder.log, isTemporary ? "QUIT" : "INT"]
      + (isTemporary ? [folder.root, folder.socket] : ["", ""]) + settings.variables
      + [programs.postgres] + settings.arguments(for: folder)
    do {
      shell = try ChildProcess(command, input: ends[0])
    } catch {
      close(ends[1])
      throw error
    }
    lifeline = Mutex(ends[1])
  }

  deinit { letGo() }

  var isRunning: Bool { shell.isRunning }

  func waitForExit(within limit: Duration) async -> Int32? {
    await shell.waitForExit(within: limit)
  }

  /// Stops by a signal and keeps the folder, whatever the lifetime: INT is fast, QUIT immediate.
  func stop(by signal: String) {
    let line = signal + "\n"
    lifeline.withLock { descriptor in
      // MSG_NOSIGNAL: the shell may be gone.
      _ = descriptor >= 0 ? send(descriptor, line, line.utf8.count, Int32(MSG_NOSIGNAL)) : 0
    }
  }

  /// The shell stops the server as its lifetime says.
  func letGo() {
    lifeline.withLock { descriptor in
      if descriptor >= 0 { close(descriptor) }
      descriptor = -1
    }
  }
}
