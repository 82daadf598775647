import Glibc

/// Says that a living program runs the server of a folder. The kernel lets go of it when the
/// program ends, however it ends.
final class FolderLock: Sendable {
  private let descriptor: Int32

  /// Throws kind `.inUse` when another program has it and keeps it for two seconds: one that was
  /// killed a moment ago may take a while to vanish.
  static func acquire(_ path: String) async throws -> FolderLock {
    let end = ContinuousClock.now + .seconds(2)
    while true {
      do {
        return try FolderLock(path)
      } catch let error as PrivateServerError where error.kind == .inUse {
        if ContinuousClock.now >= end { throw error }
        try await Task.sleep(for: .milliseconds(20))
      }
    }
  }

  private init(_ path: String) throws {
    // The folder belongs to the server's user, so root must not follow a link in it.
    descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
    guard descriptor >= 0 else {
      throw PrivateServerError(
        .folder, "cannot open \(path): \(String(cString: strerror(errno)))")
    }
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
      let holder = FolderLock.holder(descriptor)
      close(descriptor)
      throw PrivateServerError(
        .inUse, "the private server is in use by process \(holder)",
        hint: "Stop that process, or use another folder")
    }
    ftruncate(descriptor, 0)
    let text = "\(getpid())\n"
    pwrite(descriptor, text, text.utf8.count, 0)
  }

  deinit { close(descriptor) }

  private static func holder(_ descriptor: Int32) -> String {
    var bytes = [UInt8](repeating: 0, count: 32)
    let count = pread(descriptor, &bytes, bytes.count, 0)
    let text = String(decoding: bytes.prefix(max(0, count)), as: UTF8.self).trimmingWhitespace
    return text.isEmpty ? "(unknown)" : text
  }
}
