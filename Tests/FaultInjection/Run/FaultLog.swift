import Synchronization

/// What was done in a run, and when.
final class FaultLog: Sendable {
  struct Entry: Sendable {
    let kind: FaultKind
    /// Nanoseconds of the monotonic clock.
    let from: Int64
    let to: Int64
    /// Seconds since 1970.
    let wall: ClosedRange<Double>
  }

  struct Contents: Sendable {
    var entries: [Entry] = []
    /// Tries that came to nothing, with the last reason.
    var failures: [FaultKind: (count: Int, reason: String)] = [:]
    /// Server processes that gave up because there was no room for WAL.
    var panics = 0
  }

  private let state = Mutex(Contents())

  var contents: Contents { state.withLock { $0 } }

  func countPanics(_ count: Int) { state.withLock { $0.panics += count } }

  /// Notes a fault that `body` makes, or why it did not come about.
  func note(_ kind: FaultKind, _ body: () async throws -> Void) async {
    let (from, wall) = (monotonicNow(), wallClockNow())
    do {
      try await body()
      let entry = Entry(
        kind: kind, from: from, to: monotonicNow(), wall: wall...max(wall, wallClockNow()))
      state.withLock { $0.entries.append(entry) }
    } catch {
      state.withLock { state in
        let count = state.failures[kind]?.count ?? 0
        state.failures[kind] = (count + 1, "\(error)")
      }
    }
  }
}
