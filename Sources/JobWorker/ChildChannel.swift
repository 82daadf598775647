import Foundation
import JobQueue

/// Messages over a socket to or from the child process that runs suspects: a length of four bytes, least
/// first, and JSON.
final class ChildChannel: Sendable {
  private static let longest = 64 << 20
  private let descriptor: Int32
  /// Whole messages go out one after the other.
  private let sending = NSLock()

  /// Takes the descriptor over.
  init(_ descriptor: Int32) { self.descriptor = descriptor }

  deinit { close(descriptor) }

  /// Ends both directions, so that a reader comes back.
  func end() { shutdown(descriptor, Int32(SHUT_RDWR)) }

  func send(_ message: some Encodable) throws {
    let json = Array(try PayloadCoding.encode(message).utf8)
    let length = withUnsafeBytes(of: UInt32(json.count).littleEndian) { Array($0) }
    try sending.withLock { try write(length + json) }
  }

  /// The next message; nil at the end. Blocks; called by one thread.
  func receive<Message: Decodable>(_ type: Message.Type) -> Message? {
    guard let head = read(4) else { return nil }
    let length = Int(UInt32(littleEndian: head.withUnsafeBytes { $0.load(as: UInt32.self) }))
    guard length <= Self.longest, let json = read(length) else { return nil }
    return try? PayloadCoding.decode(type, from: Data(json))
  }

  private func write(_ bytes: [UInt8]) throws {
    var sent = 0
    while sent < bytes.count {
      let count = bytes.withUnsafeBytes {
        // No SIGPIPE when the other side is gone.
        Glibc.send(
          descriptor, $0.baseAddress! + sent, bytes.count - sent, Int32(MSG_NOSIGNAL))
      }
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else { throw ChildGone() }
      sent += count
    }
  }

  private func read(_ wanted: Int) -> [UInt8]? {
    var bytes = [UInt8](repeating: 0, count: wanted)
    var got = 0
    while got < wanted {
      let count = bytes.withUnsafeMutableBytes {
        Glibc.recv(descriptor, $0.baseAddress! + got, wanted - got, 0)
      }
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else { return nil }
      got += count
    }
    return bytes
  }
}

/// The process at the other end of a channel has ended.
struct ChildGone: Error {}
