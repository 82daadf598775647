import CLibpq

/// Who waits for notifications. Confined to the connection's queue.
struct Listeners {
  struct Listener {
    let id: Int
    let deliver: @Sendable (Notification) -> Void
    let finish: @Sendable () -> Void
  }

  private var channels: [String: [Listener]] = [:]

  mutating func add(_ listener: Listener, to channel: String) {
    channels[channel, default: []].append(listener)
  }

  /// True when the channel has no listener any more.
  mutating func remove(_ id: Int, from channel: String) -> Bool {
    guard channels[channel]?.contains(where: { $0.id == id }) == true else { return false }
    channels[channel]?.removeAll { $0.id == id }
    guard channels[channel]?.isEmpty == true else { return false }
    channels[channel] = nil
    return true
  }

  mutating func removeAll(from channel: String) -> [Listener] {
    channels.removeValue(forKey: channel) ?? []
  }

  func deliver(_ notification: Notification) {
    for listener in channels[notification.channel] ?? [] { listener.deliver(notification) }
  }

  mutating func finish() {
    for listener in channels.values.joined() { listener.finish() }
    channels = [:]
  }
}

extension ConnectionCore {
  /// They come at any time, also while a statement runs.
  func deliverNotifications() {
    while let notify = PQnotifies(connection) {
      defer { PQfreemem(notify) }
      listeners.deliver(
        Notification(
          channel: String(cString: notify.pointee.relname),
          payload: String(cString: notify.pointee.extra),
          senderProcessID: notify.pointee.be_pid))
    }
  }
}
