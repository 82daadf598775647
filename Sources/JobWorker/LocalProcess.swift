import Foundation

/// Processes of this machine, as far as this one may see them.
enum LocalProcess {
  /// Names this machine, since it was started, and this PID namespace of it: a process number means the
  /// same process to all who agree on it. Containers may share a host's name and not its processes.
  /// Nil where the system does not say.
  static let space: String? = {
    let boot = try? String(contentsOfFile: "/proc/sys/kernel/random/boot_id", encoding: .utf8)
    let namespace = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/ns/pid")
    guard let boot, let namespace else { return nil }
    return boot.trimmingCharacters(in: .whitespacesAndNewlines) + " " + namespace
  }()

  /// False only where the system says that there is no such process, or that it has ended and its parent
  /// has not asked for its status yet: that of a container's first process may never do. A process of
  /// another user, or one that has taken over the number, counts as existing.
  static func exists(_ id: Int32) -> Bool {
    guard kill(id, 0) == 0 || errno != ESRCH else { return false }
    return !isZombie(id)
  }

  private static func isZombie(_ id: Int32) -> Bool {
    // "17 (name) Z …": the name may hold anything, brackets too (proc(5)).
    guard let text = try? String(contentsOfFile: "/proc/\(id)/stat", encoding: .utf8),
      let end = text.lastIndex(of: ")")
    else { return false }
    return text[end...].dropFirst(2).first == "Z"
  }
}
