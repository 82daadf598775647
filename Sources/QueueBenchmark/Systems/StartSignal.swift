import Synchronization

/// What the handlers of a drain tell: when the first one started, and a sample of when the others did.
final class StartSignal: Sendable {
  /// One of so many is sampled, so that the clock does not become what is measured.
  private static let sampling: Int64 = 64

  private let first = Atomic<Int64>(0)
  private let openedAt = Atomic<Int64>(0)
  let latency = LatencyRecorder()

  func open() { openedAt.store(MonotonicClock.nanoseconds, ordering: .releasing) }

  /// Nil: no handler has started.
  var firstAt: Int64? {
    let at = first.load(ordering: .acquiring)
    return at == 0 ? nil : at
  }

  func note(_ id: Int64) {
    let isFirst = first.load(ordering: .relaxed) == 0
    guard isFirst || id % Self.sampling == 0 else { return }
    let now = MonotonicClock.nanoseconds
    if isFirst { _ = first.compareExchange(expected: 0, desired: now, ordering: .releasing) }
    latency.record(nanoseconds: now - openedAt.load(ordering: .acquiring))
  }
}
