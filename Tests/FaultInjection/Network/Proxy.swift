import Dispatch
import Glibc
import Synchronization

/// A TCP proxy in front of the server that takes writes, whose connections can be hurt.
///
/// One thread moves all bytes and looks for orders every 20 ms at the latest.
final class Proxy: Sendable {
  /// What the next look of the thread does to the connections that are open then.
  enum Order: Sendable {
    /// Reset, as by a firewall: both ends get an error.
    case cut
    /// The server hears that the client has finished; the client hears nothing more, not even that.
    case closeTowardServer
    /// The client hears that the server has finished; the server hears nothing more.
    case closeTowardClient
  }

  struct Orders: Sendable {
    var pending: [Order] = []
    var isStalled = false
    var isStopped = false
  }

  /// Where it listens.
  let host: String
  let port: Int
  private let orders = Mutex(Orders())
  private let upstream: Mutex<String>

  /// - Parameters:
  ///   - host: the address to listen on, IPv4.
  ///   - upstream: the folder of the server's socket.
  init(host: String = "127.0.0.1", upstream: String) throws {
    let (listener, port) = try Socket.listen(on: host)
    self.host = host
    self.port = port
    self.upstream = Mutex(upstream)
    DispatchQueue(label: "chaos.proxy").async { [self] in
      var loop = ProxyLoop(listener: listener)
      while let orders = takeOrders() {
        loop.turn(orders, upstream: self.upstream.withLock { $0 })
      }
      loop.close()
    }
  }

  /// How to reach the server through it.
  func conninfo(name: String) -> String {
    "host=\(host) port=\(port) user=postgres dbname=\(ServerPair.database) sslmode=disable "
      + "application_name='\(name)'"
  }

  /// New connections go there.
  func lead(to socketFolder: String) { upstream.withLock { $0 = socketFolder } }

  func give(_ order: Order) { orders.withLock { $0.pending.append(order) } }

  /// Holds back all bytes, new connections included, or lets them go on.
  func stall(_ isStalled: Bool) { orders.withLock { $0.isStalled = isStalled } }

  func stop() { orders.withLock { $0.isStopped = true } }

  private func takeOrders() -> Orders? {
    orders.withLock { orders in
      if orders.isStopped { return nil }
      defer { orders.pending = [] }
      return orders
    }
  }
}
