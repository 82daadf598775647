import Synchronization

/// News from the slots to the engine, which is called once however many there are.
final class Outbox: Sendable {
  private struct State {
    var batches: [ClaimedBatch] = []
    var isSignalled = false
    var signal: (@Sendable () -> Void)?
  }

  private let state = Mutex(State())

  /// Called from any thread when there is news; once until `take`.
  func onNews(_ signal: @escaping @Sendable () -> Void) {
    state.withLock { $0.signal = signal }
  }

  func post(_ batch: ClaimedBatch) {
    let signal = state.withLock { state in
      state.batches.append(batch)
      defer { state.isSignalled = true }
      return state.isSignalled ? nil : state.signal
    }
    signal?()
  }

  func take() -> [ClaimedBatch] {
    state.withLock { state in
      state.isSignalled = false
      defer { state.batches = [] }
      return state.batches
    }
  }
}
