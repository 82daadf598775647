import Synchronization
import Testing

@testable import OngCommand

@Suite struct ShutdownSignalsTests {
  @Test("The first request wakes who waits, the second ends the process at once")
  func twice() async {
    let signals = ShutdownSignals()
    let ended = Mutex(0)
    let end: @Sendable () -> Void = { ended.withLock { $0 += 1 } }
    async let waiting: Void = signals.requested()
    signals.receive("SIGTERM", endAtOnce: end)
    await waiting
    #expect(signals.requestedBy == "SIGTERM")
    #expect(ended.withLock { $0 } == 0)
    signals.receive("Ctrl-C", endAtOnce: end)
    #expect(ended.withLock { $0 } == 1)
    #expect(signals.requestedBy == "SIGTERM")
    await signals.requested()  // returns at once from now on
  }

  @Test("Waiting ends with its task")
  func cancelled() async {
    let signals = ShutdownSignals()
    let task = Task { await signals.requested() }
    task.cancel()
    await task.value
    #expect(signals.requestedBy == nil)
  }

  @Test("A start is cancelled by a request, and says who asked")
  func start() async {
    let signals = ShutdownSignals()
    let started = AsyncStream.makeStream(of: Void.self)
    let start = Task {
      try await signals.cancelling {
        started.continuation.yield()
        try await Task.sleep(for: .seconds(60))
      }
    }
    for await _ in started.stream { break }
    signals.receive("Ctrl-C", endAtOnce: {})
    await #expect(throws: CommandFailure(.interrupted, "stopped by Ctrl-C while starting")) {
      try await start.value
    }
  }

  @Test("A start that fails by itself keeps its own error")
  func failure() async {
    await #expect(throws: CommandFailure(.usage, "no")) {
      try await ShutdownSignals().cancelling { throw CommandFailure(.usage, "no") }
    }
  }
}
