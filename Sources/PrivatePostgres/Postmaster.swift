import FoundationEssentials
import Glibc

/// A server that a folder's `postmaster.pid` names and that really lives.
struct Postmaster {
  let id: pid_t
  private let folder: ServerFolder

  /// nil when none lives. The file is the server user's to write, so nothing in it is believed
  /// before the process is looked at: root must not signal a stranger.
  init?(of folder: ServerFolder) {
    let file = folder.data + "/postmaster.pid"
    guard let text = try? String(contentsOfFile: file, encoding: .utf8),
      let id = text.split(separator: "\n").first.flatMap({ pid_t($0) }), id > 1
    else { return nil }
    self.id = id
    self.folder = folder
    guard isAlive else { return nil }
  }

  /// A process of the server's user, by the name of the server, working in the data folder.
  var isAlive: Bool {
    guard let name = try? String(contentsOfFile: "/proc/\(id)/comm", encoding: .utf8),
      name.trimmingWhitespace == "postgres", let status = FileStatus("/proc/\(id)")
    else { return false }
    return status.owner == folder.user.id && workingFolder == folder.realData
  }

  private var workingFolder: String? {
    var buffer = [CChar](repeating: 0, count: 4096)
    let count = readlink("/proc/\(id)/cwd", &buffer, buffer.count)
    guard count > 0 else { return nil }
    return String(decoding: buffer.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  /// Stops a server that nobody looks after: first so that it writes everything down, then, if that
  /// takes longer than `patience`, at once, which the next start recovers from.
  func stop(patience: Duration) async -> Bool {
    for (signal, limit) in [(SIGINT, patience), (SIGQUIT, .seconds(10)), (SIGKILL, .seconds(5))] {
      kill(id, signal)
      let end = ContinuousClock.now + limit
      while isAlive && ContinuousClock.now < end { try? await Task.sleep(for: .milliseconds(10)) }
      if !isAlive { return true }
    }
    return false
  }
}

extension ServerFolder {
  /// Without links, as the kernel shows a process's working folder.
  fileprivate var realData: String? {
    guard let path = realpath(data, nil) else { return nil }
    defer { free(path) }
    return String(cString: path)
  }

  /// A file left by a server that is gone makes the next one hesitate if its process id has been
  /// given to somebody else meanwhile.
  func removeStalePidFile() {
    if Postmaster(of: self) == nil { unlink(data + "/postmaster.pid") }
  }
}
