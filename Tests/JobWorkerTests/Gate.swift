import JobQueue
import JobWorker
import Synchronization

/// A door that tests open for handlers, or handlers for tests. Once open it stays open.
final class Gate: Sendable {
  private struct State {
    var isOpen = false
    var waiters: [CheckedContinuation<Void, Never>] = []
  }

  private let state = Mutex(State())

  func open() {
    let waiters = state.withLock { state in
      state.isOpen = true
      defer { state.waiters = [] }
      return state.waiters
    }
    for waiter in waiters { waiter.resume() }
  }

  func pass() async {
    await withCheckedContinuation { continuation in
      let isOpen = state.withLock { state in
        if !state.isOpen { state.waiters.append(continuation) }
        return state.isOpen
      }
      if isOpen { continuation.resume() }
    }
  }
}

/// What handlers note down for the test.
final class Journal<Entry: Sendable>: Sendable {
  private let list = Mutex<[Entry]>([])

  func add(_ entry: Entry) { list.withLock { $0.append(entry) } }

  var entries: [Entry] { list.withLock { $0 } }
}

/// A handler that says when its first job has started, and ends jobs when it may.
struct HeldHandler: Sendable {
  let started = Gate()
  let end = Gate()

  func registry<Payload: JobPayload>(_ type: Payload.Type) -> JobRegistry {
    var registry = JobRegistry()
    registry.register(type) { [started, end] _, _ in
      started.open()
      await end.pass()
    }
    return registry
  }
}
