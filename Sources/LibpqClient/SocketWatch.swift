import Dispatch

#if canImport(Glibc)
  import Glibc
#endif

/// Dispatch sources over duplicates of a connection's socket.
///
/// libpq closes its own descriptor when the peer goes, and libdispatch on Linux goes wrong when a
/// watched descriptor is closed or used again. So each source watches a `dup()`, which is closed
/// only in the source's cancel handler. Confined to the connection's queue.
final class SocketWatch {
  private let queue: DispatchQueue
  /// Open until the reader's cancel handler has run.
  private let socket: Int32
  private var reader: (any DispatchSourceRead)?
  private var writer: (any DispatchSourceWrite)?
  private var isWriterRunning = false
  private let onWritable: @Sendable () -> Void
  private let closed = DispatchGroup()

  /// nil when the process has no descriptor left.
  init?(
    socket: Int32, queue: DispatchQueue, onReadable: @escaping @Sendable () -> Void,
    onWritable: @escaping @Sendable () -> Void
  ) {
    let duplicate = SocketWatch.duplicate(socket)
    guard duplicate >= 0 else { return nil }
    self.queue = queue
    self.socket = duplicate
    self.onWritable = onWritable
    let source = DispatchSource.makeReadSource(fileDescriptor: duplicate, queue: queue)
    source.setEventHandler(handler: onReadable)
    let closed = self.closed
    closed.enter()
    source.setCancelHandler {
      close(duplicate)
      closed.leave()
    }
    source.activate()
    reader = source
  }

  /// Whether the write handler is called while the socket takes data.
  /// False when the process has no descriptor left.
  func setWritableWanted(_ wanted: Bool) -> Bool {
    if wanted == isWriterRunning { return true }
    if writer == nil {
      guard let source = makeWriter() else { return false }
      writer = source
    }
    if wanted { writer?.resume() } else { writer?.suspend() }
    isWriterRunning = wanted
    return true
  }

  /// True when nothing more will come from the peer than what can be read already.
  var isHungUp: Bool {
    var state = pollfd(fd: socket, events: Int16(POLLIN), revents: 0)
    return poll(&state, 1, 0) == 1 && state.revents & Int16(POLLHUP | POLLERR) != 0
  }

  /// Bytes that can be read now.
  var available: Int {
    var count: Int32 = 0
    return ioctl(socket, UInt(FIONREAD), &count) == 0 ? Int(count) : 0
  }

  /// Stops watching; `then` runs on the queue when both descriptors are closed.
  func cancel(then: @escaping @Sendable () -> Void) {
    if let writer, !isWriterRunning { writer.resume() }  // a suspended source is never cancelled
    isWriterRunning = true
    reader?.cancel()
    writer?.cancel()
    closed.notify(queue: queue, execute: then)
  }

  /// A new source, suspended.
  private func makeWriter() -> (any DispatchSourceWrite)? {
    let duplicate = SocketWatch.duplicate(socket)
    guard duplicate >= 0 else { return nil }
    let source = DispatchSource.makeWriteSource(fileDescriptor: duplicate, queue: queue)
    source.setEventHandler(handler: onWritable)
    let closed = self.closed
    closed.enter()
    source.setCancelHandler {
      close(duplicate)
      closed.leave()
    }
    return source
  }

  /// Calls once when the socket is ready; used while connecting, where libpq may change sockets
  /// between any two steps. Cancel the answer to give up.
  static func once(
    _ socket: Int32, for direction: Direction, queue: DispatchQueue,
    _ handler: @escaping @Sendable () -> Void
  ) -> (any DispatchSourceProtocol)? {
    let duplicate = duplicate(socket)
    guard duplicate >= 0 else { return nil }
    let source: any DispatchSourceProtocol =
      switch direction {
      case .reading: DispatchSource.makeReadSource(fileDescriptor: duplicate, queue: queue)
      case .writing: DispatchSource.makeWriteSource(fileDescriptor: duplicate, queue: queue)
      }
    source.setEventHandler(handler: handler)
    source.setCancelHandler { close(duplicate) }
    source.activate()
    return source
  }

  enum Direction { case reading, writing }

  private static func duplicate(_ socket: Int32) -> Int32 { fcntl(socket, F_DUPFD_CLOEXEC, 0) }
}
