import Foundation

/// Processes of this machine, as far as this one may see them.
enum LocalProcess {
  /// False only where the system says that there is no such process. A process of another user, or
  /// one that has taken over the number, counts as existing.
  static func exists(_ id: Int32) -> Bool {
    kill(id, 0) == 0 || errno != ESRCH
  }
}
