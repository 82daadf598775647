import Foundation

/// A connection whose client sends one statement and then neither reads nor ends: what a frozen process or
/// a network without a word looks like to the server.
final class SilentClient {
  private let descriptor: Int32

  /// - Parameter socketFolder: where the server's socket is. Logs in as `postgres`, without a password.
  init(socketFolder: String, database: String) throws {
    descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) {
      $0.copyBytes(from: (socketFolder + "/.s.PGSQL.5432").utf8)
    }
    let connected = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
    guard connected == 0 else { throw CrashTestError(description: "no socket in \(socketFolder)") }
    // Protocol 3.0: the startup message has no type byte.
    let startup = Data([0, 3, 0, 0]) + Data("user\0postgres\0database\0\(database)\0\0".utf8)
    send(Self.length(of: startup) + startup)
  }

  deinit { close(descriptor) }

  /// Sends a statement, whose answer nobody fetches.
  func ask(_ sql: String) {
    let text = Data(sql.utf8) + Data([0])
    send(Data("Q".utf8) + Self.length(of: text) + text)
  }

  private func send(_ data: Data) {
    data.withUnsafeBytes { _ = write(descriptor, $0.baseAddress, $0.count) }
  }

  /// The length counts its own four bytes.
  private static func length(of data: Data) -> Data {
    withUnsafeBytes(of: UInt32(data.count + 4).bigEndian) { Data($0) }
  }
}
