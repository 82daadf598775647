import FoundationEssentials
import Glibc

/// Where a private server lives on disk:
///
///     data/          the cluster; data.new/ while initdb runs
///     socket/        mode 0700, the only way in
///     server.log     server.log.old once it is past 8 MB
///     lock           held by the program that runs the server
struct ServerFolder: Sendable {
  let root: String
  let user: ServerUser
  /// The socket's folder; elsewhere when the path under `root` would be too long.
  let socket: String

  var data: String { root + "/data" }
  var newData: String { root + "/data.new" }
  var log: String { root + "/server.log" }
  var lock: String { root + "/lock" }
  var hasData: Bool { FileManager.default.fileExists(atPath: data + "/PG_VERSION") }

  /// The major version of the data, if there is any.
  var dataVersion: Int? {
    let text = try? String(contentsOfFile: data + "/PG_VERSION", encoding: .utf8)
    return text.flatMap { Int($0.trimmingWhitespace) }
  }

  /// Longer paths do not fit into a socket's address.
  static let longestSocketPath = 107

  init(_ root: String, _ user: ServerUser) throws {
    self.root = root
    self.user = user
    socket = try Self.socketFolder(root, user)
  }

  private static func socketFolder(_ root: String, _ user: ServerUser) throws -> String {
    let inside = root + "/socket"
    // A comma separates several folders or hosts, for the server and for libpq.
    let fits = (inside + "/.s.PGSQL.65535").utf8.count <= longestSocketPath
    let isPlain = !inside.contains { ",\"\\".contains($0) }
    let folder = fits && isPlain ? inside : "/tmp/ong-\(user.id)-" + hash(root)
    try makeFolder(folder, mode: 0o700)
    if let status = FileStatus(folder), geteuid() == 0, status.owner == 0 {
      lchown(folder, user.id, user.group)
    }
    guard let status = FileStatus(folder), status.owner == user.id, status.mode & 0o777 == 0o700
    else {
      throw PrivateServerError(
        .folder, "\(folder) is not a folder of mode 0700 that belongs to the server's user",
        hint: "Remove it")
    }
    return folder
  }

  static func makeFolder(_ path: String, mode: mode_t) throws {
    if FileManager.default.fileExists(atPath: path) { return }
    do {
      let parent = String(path.prefix(upTo: path.lastIndex(of: "/") ?? path.startIndex))
      if !parent.isEmpty {
        try FileManager.default.createDirectory(
          atPath: parent, withIntermediateDirectories: true)
      }
    } catch {
      throw PrivateServerError(.folder, "cannot make the folder above \(path): \(error)")
    }
    guard mkdir(path, mode) == 0 || errno == EEXIST else {
      throw PrivateServerError(
        .folder, "cannot make the folder \(path): \(String(cString: strerror(errno)))")
    }
  }

  static func absolute(_ path: String) -> String {
    let whole = path.hasPrefix("/") ? path : FileManager.default.currentDirectoryPath + "/" + path
    let parts = whole.split(separator: "/").filter { $0 != "." }
    return "/" + parts.joined(separator: "/")
  }

  /// Readable and unique: the last folder's names and a hash of the whole path.
  static func name(for path: String) -> String {
    let last = path.split(separator: "/").suffix(3).joined(separator: "-")
    return last.filter { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-") } + "-"
      + hash(path)
  }

  /// FNV-1a, 64 bits: stable over releases, unlike Swift's own hash.
  private static func hash(_ text: String) -> String {
    let value = text.utf8.reduce(0xcbf2_9ce4_8422_2325 as UInt64) {
      ($0 ^ UInt64($1)) &* 0x100_0000_01b3
    }
    return String(value, radix: 36)
  }
}

/// What lstat says of a folder; nil for anything that is none, links included.
struct FileStatus {
  let owner: uid_t
  let mode: mode_t

  init?(_ path: String) {
    var status = stat()
    guard lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else { return nil }
    owner = status.st_uid
    mode = status.st_mode
  }
}
