import FoundationEssentials
import Glibc
import PrivatePostgres

/// What runs that were killed have left on the machine: their folders, disks and networks.
enum Leftovers {
  private static let mark = "/tool"

  /// Says whose the folder is.
  static func mark(_ folder: String) throws {
    try Data("\(getpid())".utf8).write(to: URL(filePath: folder + mark))
  }

  /// Keeps the folder from being removed by a later run.
  static func unmark(_ folder: String) { unlink(folder + mark) }

  /// Removes what belongs to processes that are gone.
  static func remove() async {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: "/tmp")) ?? []
    for name in names where name.hasPrefix("ong-chaos-") {
      let folder = "/tmp/" + name
      guard let text = try? String(contentsOfFile: folder + mark, encoding: .utf8),
        let owner = Int32(text), isGone(owner)
      else { continue }
      await NetworkNamespace.remove(of: owner)
      await SmallDisk(folder: folder + "/disk").unmount()
      try? FileManager.default.removeItem(atPath: folder)
    }
  }

  private static func isGone(_ process: Int32) -> Bool {
    kill(process, 0) != 0 && errno == ESRCH
  }
}
