import Synchronization

/// Handlers that did not end when they had to, and were left behind by their slots.
final class LeakGauge: Sendable {
  private let count = Atomic(0)

  /// That still run now.
  var now: Int { count.load(ordering: .relaxed) }

  func begun() { count.add(1, ordering: .relaxed) }
  func ended() { count.subtract(1, ordering: .relaxed) }
}

/// Too many handlers hang: `Worker.run()` throws this after it has drained. Only the end of the process
/// frees what they hold.
public struct WorkerLeaked: Error, Sendable, Hashable, CustomStringConvertible {
  /// Handlers that hang.
  public let handlers: Int
  /// The kind of the one that hung last.
  public let kind: String

  public var description: String {
    "\(handlers) handlers hang past their timeout, the last of kind \(kind); the worker has drained – "
      + "end this process and start another"
  }
}
