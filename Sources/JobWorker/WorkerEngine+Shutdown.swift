import Foundation
import JobQueue
import LibpqClient
import Logging

// The end.
extension WorkerEngine {
  private static let retireTimeout = Duration.seconds(5)

  /// Claims nothing more, gives running jobs `grace`, hands back the rest.
  func shutDown(grace: Duration) {
    shutdown.hurry(grace: grace, at: .now)
    act(shutdown.request(grace: grace, at: .now))
    pump()
  }

  /// An operator's drain: running jobs may take as long as they take.
  func drainForOperator() {
    guard shutdown.mayClaim else { return }
    logger.notice("drained by an operator", metadata: ["epoch": "\(epoch)"])
    act(shutdown.request(grace: nil, at: .now))
    pumpOnce()
  }

  /// Ends at once. The server notices the lost connection and gives the jobs to others.
  func abort() { act(shutdown.abort()) }

  func advanceShutdown(at now: Moment) {
    guard !shutdown.mayClaim else { return }
    act(shutdown.tick(isIdle: isIdle && busy == 0, at: now))
  }

  /// Suspends until the worker has stopped.
  func untilStopped() async {
    if shutdown.isOver { return }
    await withCheckedContinuation { waiters.addStopped($0) }
  }

  /// Suspends until nothing is claimed and every result is delivered, or the worker has stopped.
  func untilIdle() async {
    if shutdown.isOver || isIdle { return }
    await withCheckedContinuation { waiters.addIdle($0) }
  }

  private func act(_ action: ShutdownState.Action) {
    switch action {
    case .none: break
    case .stopClaiming: handBackUntaken()
    case .cancelRunning: cancelRunning()
    case .retire: Task { await retire() }
    case .close: Task { await close() }
    }
  }

  private func handBackUntaken() {
    logger.info("worker drains", metadata: ["epoch": "\(epoch)", "running": "\(busy)"])
    let now = Moment.now
    for entry in open.values
    where entry.batch.finishUntaken(.handBack("the worker drains")) > 0 {
      note(entry.batch, at: now)
    }
  }

  private func cancelRunning() {
    logger.notice("grace is over, cancelling", metadata: ["running": "\(busy)"])
    for pool in pools {
      for slot in pool.slots { slot.stopCurrent(.shutdown) }
    }
  }

  /// Tells the server that this life is over, so that what is left is handed back at once.
  private func retire() async {
    if case .up(let connection) = link, session > 0 {
      do {
        let result = try await connection.query(
          "select \(sql("retire_worker"))($1, $2)", [epoch, session], timeout: Self.retireTimeout)
        let count = try result[0, 0].decode(Int32.self)
        logger.info(
          "worker retired", metadata: ["epoch": "\(epoch)", "handedBack": "\(count)"])
      } catch {
        logger.warning(
          "not retired, its jobs will be rescued", metadata: ["error": "\(error)"])
      }
    }
    await close()
  }

  private func close() async {
    stopClock()
    for pool in pools { pool.close() }
    let connections = [linked, listener].compactMap { $0 }
    link = .down
    listener = nil
    resumeLinkLoss()
    resolveDoubts { _ in .lost }
    Task { [shared] in await shared.transactions.close() }
    await shared.children?.close()
    for connection in connections { await connection.close() }
    waiters.resumeAll()
  }

  private var linked: Connection? {
    if case .up(let connection) = link { connection } else { nil }
  }
}
