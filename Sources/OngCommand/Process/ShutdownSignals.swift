import Dispatch
import Foundation
import Synchronization

/// Ctrl-C and SIGTERM as requests: the first drains, the second ends the process at once.
///
/// The second may come from a person whose patience is over, so it waits for nothing: what runs is
/// lost with the process, the database declares its worker dead, and others run it again.
final class ShutdownSignals: Sendable {
  private struct State {
    var requestedBy: String?
    var waiters: [Int: CheckedContinuation<Void, Never>] = [:]
    var lastWaiter = 0
  }

  private let state = Mutex(State())
  private let sources = Mutex<[any DispatchSourceSignal]>([])

  /// - Parameter endAtOnce: what the second signal does.
  init(endAtOnce: @escaping @Sendable () -> Void = { _exit(ExitStatus.interrupted.rawValue) }) {
    let queue = DispatchQueue(label: "ong.signals")
    for (number, name) in [(SIGINT, "Ctrl-C"), (SIGTERM, "SIGTERM")] {
      signal(number, SIG_IGN)  // the source sees it all the same; the default action would not wait
      sources.withLock { sources in
        let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
        source.setEventHandler { [weak self] in self?.receive(name, endAtOnce: endAtOnce) }
        source.resume()
        sources.append(source)
      }
    }
  }

  /// The first signal, or nil before it.
  var requestedBy: String? { state.withLock { $0.requestedBy } }

  func receive(_ name: String, endAtOnce: () -> Void) {
    let waiters: [CheckedContinuation<Void, Never>]? = state.withLock { state in
      guard state.requestedBy == nil else { return nil }
      state.requestedBy = name
      defer { state.waiters = [:] }
      return Array(state.waiters.values)
    }
    guard let waiters else { return endAtOnce() }
    for waiter in waiters { waiter.resume() }
  }

  /// Returns at the first signal, or when the task is cancelled.
  func requested() async {
    let id = state.withLock { state in
      state.lastWaiter += 1
      return state.lastWaiter
    }
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let isOver = state.withLock { state in
          if state.requestedBy != nil || Task.isCancelled { return true }
          state.waiters[id] = continuation
          return false
        }
        if isOver { continuation.resume() }
      }
    } onCancel: {
      state.withLock { $0.waiters.removeValue(forKey: id) }?.resume()
    }
  }

  /// Runs `body` and cancels it at the first signal: for the steps of a start, which hold nothing
  /// that would have to be drained.
  func cancelling<Result: Sendable>(
    _ body: @escaping @Sendable () async throws -> Result
  ) async throws -> Result {
    try await withThrowingTaskGroup(of: Void.self) { group in
      let work = Task { try await body() }
      group.addTask {
        await self.requested()
        if !Task.isCancelled { work.cancel() }
      }
      defer { group.cancelAll() }
      do {
        return try await work.value
      } catch  where requestedBy != nil {
        throw CommandFailure(.interrupted, "stopped by \(requestedBy ?? "a signal") while starting")
      }
    }
  }
}
