import Dispatch
import FoundationEssentials
import Glibc
import ProcessSpawning
import Synchronization

/// A child started by `posix_spawn`.
///
/// Not Foundation's Process: a daemon's descendants keep its exit socket open, so that waiting for
/// it never ends. The child gets no descriptor of ours but the ones named, see also ``Spawning``.
package final class ChildProcess: Sendable {
  package let id: Int32
  private struct Exit {
    var status: Int32?
    var waiters: [Int: CheckedContinuation<Int32?, Never>] = [:]
    var nextWaiter = 0
  }
  private let exit = Mutex(Exit())

  /// - Parameters:
  ///   - input: becomes the child's standard input; nil is /dev/null.
  ///   - output: becomes its standard output; nil is /dev/null.
  ///   - errors: becomes its standard error; nil is where the output goes.
  ///   - environment: nil is PATH and the like of ours, without libpq's variables and any secret.
  package init(
    _ command: [String], input: Int32? = nil, output: Int32? = nil, errors: Int32? = nil,
    environment: [String: String]? = nil
  ) throws {
    do {
      id = try Spawning.spawn(
        command[0], command, environment: environment ?? Self.ownEnvironment()
      ) { Self.addStreams(&$0, input: input, output: output, errors: errors) }
    } catch {
      throw PrivateServerError(.startFailed, "cannot run \(command[0]): \(error.reason)")
    }
    // Its own thread, because it waits; one per child, and children are few.
    DispatchQueue(label: "ong.postgres.child").async { [self] in reap() }
  }

  /// Runs a short command to its end.
  package static func run(_ command: [String]) async throws -> (status: Int32, output: String) {
    let file = try TemporaryOutput()
    let child = try ChildProcess(command, output: file.descriptor)
    let status = await child.waitForExit(within: .seconds(120)) ?? -1
    if status == -1 { kill(child.id, SIGKILL) }
    return (status, file.text)
  }

  package var isRunning: Bool { exit.withLock { $0.status == nil } }

  /// The exit status (128 + n after signal n), or nil when it still runs after the time.
  package func waitForExit(within limit: Duration) async -> Int32? {
    await withCheckedContinuation { continuation in
      let id: Int? = exit.withLock { exit in
        if let status = exit.status {
          continuation.resume(returning: status)
          return nil
        }
        exit.nextWaiter += 1
        exit.waiters[exit.nextWaiter] = continuation
        return exit.nextWaiter
      }
      guard let id else { return }
      let seconds = Double(limit.components.seconds) + Double(limit.components.attoseconds) / 1e18
      DispatchQueue.global().asyncAfter(deadline: .now() + seconds) { [self] in
        exit.withLock { $0.waiters.removeValue(forKey: id) }?.resume(returning: nil)
      }
    }
  }

  private func reap() {
    var raw: Int32 = 0
    while waitpid(id, &raw, 0) < 0 && errno == EINTR {}
    let status = raw & 0x7f == 0 ? (raw >> 8) & 0xff : 128 + (raw & 0x7f)
    let waiters = exit.withLock { exit in
      exit.status = status
      defer { exit.waiters = [:] }
      return exit.waiters
    }
    for waiter in waiters.values { waiter.resume(returning: status) }
  }

  private static func addStreams(
    _ actions: inout Spawning.FileActions, input: Int32?, output: Int32?, errors: Int32?
  ) {
    // What is ours to close is closed first, so that nothing is opened under a number that is taken.
    let kept = Set([input, output, errors].compactMap { $0 })
    if Spawning.closeFrom == nil {
      for descriptor in openDescriptors() where descriptor > 2 && !kept.contains(descriptor) {
        posix_spawn_file_actions_addclose(&actions, descriptor)
      }
    }
    if let input {
      posix_spawn_file_actions_adddup2(&actions, input, 0)
    } else {
      posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    }
    if let output {
      posix_spawn_file_actions_adddup2(&actions, output, 1)
    } else {
      posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0)
    }
    posix_spawn_file_actions_adddup2(&actions, errors ?? 1, 2)
    if let closeFrom = Spawning.closeFrom {
      _ = closeFrom(&actions, 3)
    } else {
      for descriptor in kept where descriptor > 2 {
        posix_spawn_file_actions_addclose(&actions, descriptor)
      }
    }
  }

  private static func openDescriptors() -> [Int32] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")) ?? []
    return names.compactMap { Int32($0) }
  }

  /// libpq's variables must not reach the server, nor any secret of ours.
  private static func ownEnvironment() -> [String: String] {
    let own = ProcessInfo.processInfo.environment
      .filter { ["PATH", "TZ", "LD_LIBRARY_PATH", "TMPDIR"].contains($0.key) }
    return own.merging(["LC_ALL": "C.UTF-8"]) { $1 }
  }
}

/// A file without a name, for the output of a short command.
private struct TemporaryOutput {
  let descriptor: Int32

  init() throws {
    var path = Array("/tmp/ong-output-XXXXXX".utf8CString)
    descriptor = mkstemp(&path)
    guard descriptor >= 0 else {
      throw PrivateServerError(.startFailed, "cannot write to /tmp")
    }
    _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
    unlink(path)
  }

  /// Read once, at the end; closes the file.
  var text: String {
    defer { close(descriptor) }
    var bytes = [UInt8](repeating: 0, count: 16 * 1024)
    let count = pread(descriptor, &bytes, bytes.count, 0)
    return String(decoding: bytes.prefix(max(0, count)), as: UTF8.self)
  }
}
