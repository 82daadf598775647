import Dispatch
import Synchronization

extension Connection {
  private static let nextListener = Atomic<Int>(0)

  /// Subscribes to a channel. Notifications that come after this returns are in the stream, also
  /// while statements run. The stream ends with the connection or by `unlisten`; it keeps what is
  /// not read yet without limit. Dropping the last stream of a channel ends the subscription.
  public func listen(_ channel: String) async throws -> AsyncStream<Notification> {
    let (stream, continuation) = AsyncStream<Notification>.makeStream()
    let id = try await listen(
      channel, deliver: { continuation.yield($0) }, finish: { continuation.finish() })
    continuation.onTermination = { [weak self] _ in self?.dropListener(id, channel) }
    return stream
  }

  /// The callback form: `deliver` runs on the connection's queue and must be quick.
  package func listen(
    _ channel: String, deliver: @escaping @Sendable (Notification) -> Void
  ) async throws {
    _ = try await listen(channel, deliver: deliver, finish: {})
  }

  /// Ends all streams of the channel.
  public func unlisten(_ channel: String) async throws {
    let core = self.core
    core.queue.async {
      for listener in core.listeners.removeAll(from: channel) { listener.finish() }
    }
    try await query("UNLISTEN \(try Self.quoted(identifier: channel))")
  }

  private func listen(
    _ channel: String, deliver: @escaping @Sendable (Notification) -> Void,
    finish: @escaping @Sendable () -> Void
  ) async throws -> Int {
    guard core.configuration.pooling == .session else {
      throw DatabaseError.misuse(
        "LISTEN needs a session of its own: connect to the server itself, not by way of a pooler")
    }
    let name = try Self.quoted(identifier: channel)
    let id = Self.nextListener.add(1, ordering: .relaxed).newValue
    let core = self.core
    core.queue.async {
      if case .ended = core.phase { return finish() }
      core.listeners.add(.init(id: id, deliver: deliver, finish: finish), to: channel)
    }
    do {
      try await query("LISTEN \(name)")
    } catch {
      core.queue.async { _ = core.listeners.remove(id, from: channel) }
      throw error
    }
    return id
  }

  private func dropListener(_ id: Int, _ channel: String) {
    guard let name = try? Self.quoted(identifier: channel) else { return }
    let (core, limit) = (self.core, core.configuration.queryTimeout)
    core.queue.async {
      guard core.listeners.remove(id, from: channel) else { return }
      core.submit(Operation(.script("UNLISTEN \(name)"), timeout: limit) { _ in })
    }
  }

  /// An SQL identifier that means exactly this text. Throws for an empty one, for a NUL character,
  /// and past 63 bytes, where the server would cut it.
  public static func quoted(identifier: String) throws -> String {
    guard !identifier.isEmpty, identifier.utf8.count <= 63, !identifier.utf8.contains(0) else {
      throw DatabaseError.invalidParameter(
        "expected a name of 1 to 63 bytes without NUL, got: \(identifier.utf8.count) bytes")
    }
    let doubled = identifier.split(separator: "\"", omittingEmptySubsequences: false)
    return "\"" + doubled.joined(separator: "\"\"") + "\""
  }
}
