import Foundation

/// A folder of messages, one file each, that any mail program can open.
///
/// The file is named after the Message-ID: to deliver the same message twice leaves one file. A
/// file stands in `new` only when all of it is on disk.
public struct Maildir: MailTransport {
  public let path: String

  /// Makes the folder with its parts `tmp`, `new` and `cur` (mode 0700) where they are missing, and
  /// removes what crashes left in `tmp` more than 36 hours ago.
  public init(path: String) throws {
    self.path = path
    for part in ["tmp", "new", "cur"] { try Self.makeFolder("\(path)/\(part)") }
    removeLeftovers(olderThan: 36 * 3600)
  }

  public func send(_ message: MailMessage) throws -> Delivery {
    let name = message.messageID.value
    let target = "\(path)/new/\(name)"
    if hasMessage(name) { return .accepted(MailReceipt(reference: target, isNew: false)) }
    let temporary = "\(path)/tmp/\(name).\(getpid()).\(UUID().uuidString)"
    defer { unlink(temporary) }
    try write(MIMEMessage(message).bytes, to: temporary)
    // A link, unlike a rename, never replaces a file that another process delivered meanwhile.
    if link(temporary, target) == 0 {
      try Self.synchronise("\(path)/new")
      return .accepted(MailReceipt(reference: target, isNew: true))
    }
    guard errno == EEXIST else { throw Self.error("link", target) }
    try Self.synchronise("\(path)/new")
    return .accepted(MailReceipt(reference: target, isNew: false))
  }

  /// A mail program moves what it has shown to `cur` and appends its flags.
  private func hasMessage(_ name: String) -> Bool {
    if access("\(path)/new/\(name)", F_OK) == 0 { return true }
    let seen = (try? FileManager.default.contentsOfDirectory(atPath: "\(path)/cur")) ?? []
    return seen.contains { $0 == name || $0.hasPrefix(name + ":2,") }
  }

  /// Local files end their lines with LF.
  private func write(_ bytes: [UInt8], to file: String) throws {
    let descriptor = open(file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw Self.error("create", file) }
    defer { close(descriptor) }
    var rest = bytes.filter { $0 != UInt8(ascii: "\r") }[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { Foundation.write(descriptor, $0.baseAddress, $0.count) }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { throw Self.error("write", file) }
      rest = rest.dropFirst(count)
    }
    guard fsync(descriptor) == 0 else { throw Self.error("flush", file) }
  }

  private func removeLeftovers(olderThan seconds: TimeInterval) {
    let folder = "\(path)/tmp"
    for name in (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? [] {
      let file = "\(folder)/\(name)"
      let attributes = try? FileManager.default.attributesOfItem(atPath: file)
      guard let date = attributes?[.modificationDate] as? Date else { continue }
      if date.timeIntervalSinceNow < -seconds { unlink(file) }
    }
  }

  private static func makeFolder(_ folder: String) throws {
    if mkdir(folder, 0o700) == 0 || errno == EEXIST { return }
    let parent = (folder as NSString).deletingLastPathComponent
    guard errno == ENOENT, !parent.isEmpty, parent != folder else { throw error("create", folder) }
    try makeFolder(parent)
    guard mkdir(folder, 0o700) == 0 || errno == EEXIST else { throw error("create", folder) }
  }

  /// The entry in the folder must survive a power cut too.
  private static func synchronise(_ folder: String) throws {
    let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { throw error("open", folder) }
    defer { close(descriptor) }
    guard fsync(descriptor) == 0 else { throw error("flush", folder) }
  }

  private static func error(_ operation: String, _ path: String) -> MailTransportError {
    .file(operation: operation, path: path, errno: errno)
  }
}
