import Dispatch
import Glibc
import Synchronization

/// A TCP proxy on 127.0.0.1 whose network can go silent: connections stay open, nothing flows.
final class StallingProxy: Sendable {
  let port: Int
  private let listener: Int32
  private let gate = Gate()
  private let sockets = Mutex<[Int32]>([])

  /// - Parameter target: the port on 127.0.0.1 to forward to; nil accepts and never says a word.
  init(to target: Int?) throws {
    listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = Self.address(port: 0)
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    let listener = self.listener
    let isListening = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(listener, $0, size) == 0 && listen(listener, 64) == 0
          && getsockname(listener, $0, &size) == 0
      }
    }
    guard isListening else { throw ProxyError() }
    port = Int(in_port_t(bigEndian: address.sin_port))
    guard let target else { return }
    DispatchQueue(label: "proxy.accept").async { [self] in
      while true {
        let client = accept(listener, nil, nil)
        if client < 0 { return }
        forward(client, to: target)
      }
    }
  }

  func stall() { gate.close() }

  /// Ends all connections and the proxy.
  func stop() {
    shutdown(listener, Int32(SHUT_RDWR))
    close(listener)
    for socket in sockets.withLock({ $0 }) { shutdown(socket, Int32(SHUT_RDWR)) }
    gate.open()
  }

  private func forward(_ client: Int32, to target: Int) {
    let server = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = Self.address(port: target)
    let isConnected = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(server, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
      }
    }
    guard isConnected else {
      close(client)
      close(server)
      return
    }
    sockets.withLock { $0 += [client, server] }
    for (from, to) in [(client, server), (server, client)] {
      DispatchQueue(label: "proxy.copy").async { self.copy(from, to) }
    }
  }

  private func copy(_ from: Int32, _ to: Int32) {
    var buffer = [UInt8](repeating: 0, count: 64 * 1024)
    while true {
      let count = read(from, &buffer, buffer.count)
      gate.pass()
      if count <= 0 { break }
      var sent = 0
      while sent < count {
        let written = buffer.withUnsafeBytes {
          send(to, $0.baseAddress! + sent, count - sent, Int32(MSG_NOSIGNAL))
        }
        if written <= 0 { break }
        sent += written
      }
    }
    shutdown(to, Int32(SHUT_RDWR))
  }

  private static func address(port: Int) -> sockaddr_in {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = in_port_t(port).bigEndian
    address.sin_addr.s_addr = inet_addr("127.0.0.1")
    return address
  }
}

struct ProxyError: Error {}

/// Threads pass while it is open.
private final class Gate: Sendable {
  private let waiting = Mutex<[DispatchSemaphore]?>(nil)

  func close() { waiting.withLock { $0 = $0 ?? [] } }

  func open() {
    let all = waiting.withLock { waiting in
      defer { waiting = nil }
      return waiting
    }
    for semaphore in all ?? [] { semaphore.signal() }
  }

  func pass() {
    let semaphore: DispatchSemaphore? = waiting.withLock { waiting in
      guard waiting != nil else { return nil }
      let semaphore = DispatchSemaphore(value: 0)
      waiting?.append(semaphore)
      return semaphore
    }
    semaphore?.wait()
  }
}
