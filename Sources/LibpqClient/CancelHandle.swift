import CLibpq
import Dispatch

/// Asks the server to cancel what a connection runs. The request is a connection of its own and
/// blocks, so it has its own queue. Unchecked: `PQcancel` may be called from any thread, and the
/// pointer never changes.
final class CancelHandle: @unchecked Sendable {
  private let pointer: OpaquePointer
  private let queue = DispatchQueue(label: "ong.libpq.cancel")

  init?(_ connection: OpaquePointer) {
    guard let pointer = PQgetCancel(connection) else { return nil }
    self.pointer = pointer
  }

  deinit { PQfreeCancel(pointer) }

  /// `then` gets nil when the server has taken the request, else why not.
  func send(then: @escaping @Sendable (String?) -> Void) {
    queue.async { [self] in
      var message = [CChar](repeating: 0, count: 256)
      let sent = PQcancel(pointer, &message, Int32(message.count)) == 1
      let text = message.withUnsafeBufferPointer { String(cString: $0.baseAddress!) }
      then(sent ? nil : text)
    }
  }
}
