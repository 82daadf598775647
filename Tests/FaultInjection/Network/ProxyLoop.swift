import Glibc

/// The thread of a proxy: polls the sockets of all links and moves what comes.
struct ProxyLoop {
  private let listener: Int32
  private var links: [ProxyLink] = []

  init(listener: Int32) { self.listener = listener }

  /// One look at everything, 20 ms at most.
  mutating func turn(_ orders: Proxy.Orders, upstream: String) {
    for order in orders.pending {
      for index in links.indices { links[index].obey(order) }
    }
    var polled = [pollfd(fd: listener, events: orders.isStalled ? 0 : Int16(POLLIN), revents: 0)]
    for link in links { polled += link.wishes(isStalled: orders.isStalled) }
    guard poll(&polled, nfds_t(polled.count), 20) > 0 else { return sweep() }
    for index in links.indices where !orders.isStalled {
      links[index].move(client: polled[1 + 2 * index], server: polled[2 + 2 * index])
    }
    if polled[0].revents & Int16(POLLIN) != 0, let link = accept(upstream) { links.append(link) }
    sweep()
  }

  private func accept(_ upstream: String) -> ProxyLink? {
    let client = Glibc.accept(listener, nil, nil)
    guard client >= 0 else { return nil }
    guard let server = Socket.connect(path: upstream + "/.s.PGSQL.5432") else {
      Socket.reset(client)
      return nil
    }
    Socket.makeNonBlocking(client)
    Socket.makeNonBlocking(server)
    return ProxyLink(client: client, server: server)
  }

  private mutating func sweep() {
    for link in links where link.isOver { link.close() }
    links.removeAll(where: \.isOver)
  }

  func close() {
    for link in links { link.close() }
    Glibc.close(listener)
  }
}

/// One client's connection and the one that it leads to.
struct ProxyLink {
  private let client: Int32
  private let server: Int32
  private var up = Stream()
  private var down = Stream()
  private(set) var isOver = false

  /// One direction.
  private struct Stream {
    var bytes: [UInt8] = []
    var hasEnded = false
    /// What comes is thrown away, its end included.
    var isMute = false
  }

  init(client: Int32, server: Int32) {
    self.client = client
    self.server = server
  }

  mutating func obey(_ order: Proxy.Order) {
    switch order {
    case .cut: isOver = true
    case .closeTowardServer:
      shutdown(server, Int32(SHUT_WR))
      up.isMute = true
      down.isMute = true
    case .closeTowardClient:
      shutdown(client, Int32(SHUT_WR))
      up.isMute = true
      down.isMute = true
    }
  }

  func wishes(isStalled: Bool) -> [pollfd] {
    func wish(_ socket: Int32, from: Stream, to: Stream) -> pollfd {
      var events: Int32 = 0
      if from.bytes.isEmpty, !from.hasEnded { events |= POLLIN }
      if !to.bytes.isEmpty { events |= POLLOUT }
      // A negative number is passed over, so that an end that was seen wakes nobody again.
      return pollfd(
        fd: isStalled || events == 0 ? -1 : socket, events: Int16(events), revents: 0)
    }
    return [wish(client, from: up, to: down), wish(server, from: down, to: up)]
  }

  mutating func move(client polledClient: pollfd, server polledServer: pollfd) {
    Self.pass(polledClient, polledServer, from: client, to: server, &up, &isOver)
    Self.pass(polledServer, polledClient, from: server, to: client, &down, &isOver)
    if up.hasEnded, down.hasEnded, up.bytes.isEmpty, down.bytes.isEmpty, !up.isMute {
      isOver = true
    }
  }

  private static func pass(
    _ source: pollfd, _ target: pollfd, from: Int32, to: Int32, _ stream: inout Stream,
    _ isOver: inout Bool
  ) {
    if source.revents & Int16(POLLIN | POLLHUP | POLLERR) != 0, stream.bytes.isEmpty,
      !stream.hasEnded
    {
      var buffer = [UInt8](repeating: 0, count: 64 * 1024)
      let count = read(from, &buffer, buffer.count)
      if count > 0 {
        stream.bytes = stream.isMute ? [] : Array(buffer.prefix(count))
      } else if count == 0 {
        stream.hasEnded = true
        if !stream.isMute { shutdown(to, Int32(SHUT_WR)) }
      } else if errno != EAGAIN && errno != EINTR {
        if stream.isMute { stream.hasEnded = true } else { isOver = true }
      }
    }
    guard !stream.bytes.isEmpty else { return }
    let count = send(to, stream.bytes, stream.bytes.count, Int32(MSG_NOSIGNAL))
    if count > 0 {
      stream.bytes.removeFirst(count)
    } else if count < 0 && errno != EAGAIN && errno != EINTR {
      isOver = true
    }
  }

  func close() {
    Socket.reset(client)
    Glibc.close(server)
  }
}
