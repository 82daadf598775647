import FoundationEssentials
import Glibc

extension ServerFolder {
  /// Finds or makes a folder that the server's user can work in.
  ///
  /// Started by root, the server runs as another user, who may not be able to pass the folders
  /// above (a checkout under /root). Then the server lives in /var/lib/ong instead, in a folder
  /// named by the wanted path, and a link in its place leads there.
  static func prepare(_ wanted: String) async throws -> ServerFolder {
    let root = absolute(wanted)
    if geteuid() != 0 { return try ServerFolder(root, ownFolder(root)) }
    let other = "/var/lib/ong/" + name(for: root)
    if linkTarget(root) != other {
      unlinkStale(root)
      let user = try rootsFolder(root)
      if await user.canEnter(root) { return try ServerFolder(root, user) }
      guard rmdir(root) == 0 else { throw unreachable(root, user) }
    }
    try makeFolder("/var/lib/ong", mode: 0o755)
    let user = try rootsFolder(other)
    guard await user.canEnter(other) else { throw unreachable(other, user) }
    if linkTarget(root) != other { symlink(other, root) }
    return try ServerFolder(other, user)
  }

  private static func ownFolder(_ root: String) throws -> ServerUser {
    try makeFolder(root, mode: 0o700)
    var status = stat()
    guard stat(root, &status) == 0, status.st_uid == geteuid() else {
      throw PrivateServerError(
        .folder, "\(root) belongs to another user",
        hint: "Run this as that user (or root), or remove the folder")
    }
    return ServerUser.choose(dataOwner: nil)
  }

  /// A folder that was root's becomes the server user's.
  private static func rootsFolder(_ root: String) throws -> ServerUser {
    try makeFolder(root, mode: 0o700)
    guard let status = FileStatus(root) else {
      throw PrivateServerError(.folder, "\(root) is not a folder", hint: "Move it away")
    }
    let user = ServerUser.choose(dataOwner: status.owner)
    if status.owner == 0 { lchown(root, user.id, user.group) }
    return user
  }

  private static func unreachable(_ root: String, _ user: ServerUser) -> PrivateServerError {
    PrivateServerError(
      .folder,
      "the user \(user.name ?? String(user.id)), who runs the server, cannot reach \(root)",
      hint: "Let others pass the folders above it (chmod o+x)")
  }

  private static func linkTarget(_ path: String) -> String? {
    var buffer = [CChar](repeating: 0, count: 4096)
    let count = readlink(path, &buffer, buffer.count)
    guard count > 0 else { return nil }
    return String(decoding: buffer.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  /// A link that came along when the project's folder was copied or moved must not lead two
  /// projects to one cluster.
  private static func unlinkStale(_ path: String) {
    if linkTarget(path)?.hasPrefix("/var/lib/ong/") == true { unlink(path) }
  }
}

extension ServerUser {
  /// Whether this user can pass all folders above, asked by trying.
  fileprivate func canEnter(_ folder: String) async -> Bool {
    let test = try? await ChildProcess.run(commandPrefix + ["/usr/bin/test", "-x", folder])
    return test?.status == 0
  }
}
