import JobQueue
import Logging
import Synchronization

/// The child processes of a worker, a few at the most; started when there is a suspect, ended when there
/// was none for a while.
actor SuspectChildren {
  static let limit = 4
  private static let idleTime = Duration.seconds(60)

  private let arguments: [String]
  private let logger: Logger
  private var idle: [SuspectChild] = []
  private var count = 0
  private var waiters: [CheckedContinuation<Void, Never>] = []
  private var isClosed = false

  init(arguments: [String], logger: Logger) {
    self.arguments = arguments
    self.logger = logger
  }

  /// A process that runs nothing; waits for one where all are busy.
  ///
  /// - Throws: `SpawnFailed`; `CancellationError` when the worker ends.
  func borrow() async throws -> SuspectChild {
    while true {
      if isClosed { throw CancellationError() }
      while let child = idle.popLast() {
        if child.isAlive { return child }
        count -= 1
      }
      if count < Self.limit {
        let child = try SuspectChild(arguments)
        count += 1
        logger.info("a child process for suspects was started", metadata: ["pid": "\(child.id)"])
        return child
      }
      await withCheckedContinuation { waiters.append($0) }
    }
  }

  func giveBack(_ child: SuspectChild) {
    if child.isAlive, !isClosed {
      idle.append(child)
      Task { [weak self] in
        try? await Task.sleep(for: Self.idleTime)
        await self?.endIdle(child)
      }
    } else {
      child.end()
      count -= 1
    }
    if !waiters.isEmpty { waiters.removeFirst().resume() }
  }

  func close() {
    isClosed = true
    for child in idle { child.end() }
    idle = []
    for waiter in waiters { waiter.resume() }
    waiters = []
  }

  private func endIdle(_ child: SuspectChild) {
    guard let place = idle.firstIndex(where: { $0 === child }) else { return }
    idle.remove(at: place)
    count -= 1
    child.end()
  }
}
