import Dispatch
import Foundation
import Glibc

/// A folder with a socket like a server's, which leads to a real server or to one that never says a word.
final class SilentServer: Sendable {
  let folder: String
  /// Opens when as many connections as expected have come to silence.
  let met = Gate()
  private let listener: Int32
  private let accepted = DispatchQueue(label: "silent server")

  init(expecting connections: Int) throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "ong-\(UUID())").path
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
    self.folder = folder
    let listener = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: (folder + "/silent").utf8) }
    let isListening = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(listener, $0, socklen_t(MemoryLayout<sockaddr_un>.size)) == 0
      }
    }
    guard isListening, listen(listener, 64) == 0 else { throw POSIXError(.EADDRNOTAVAIL) }
    self.listener = listener
    accepted.async { [met] in
      for _ in 0..<connections where accept(listener, nil, nil) < 0 { return }
      met.open()
    }
  }

  /// From now on connections lead to this socket; nil: to silence.
  func lead(to socket: String?) throws {
    let name = folder + "/.s.PGSQL.5432"
    unlink(name)
    try FileManager.default.createSymbolicLink(
      atPath: name, withDestinationPath: socket ?? folder + "/silent")
  }

  deinit {
    shutdown(listener, Int32(SHUT_RDWR))
    close(listener)
    try? FileManager.default.removeItem(atPath: folder)
  }
}
