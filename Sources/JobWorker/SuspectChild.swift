import Dispatch
import Foundation
import JobQueue
import Synchronization

/// A process that runs suspects – jobs that were running when a worker died – one after the other, so
/// that the next crash takes nobody along. Seen from the worker.
final class SuspectChild: Sendable {
  private enum End {
    case told(JobOutcome?, isDecided: Bool)
    /// The process's status: 128 + n after signal n.
    case died(Int32)
  }

  private struct State {
    var attempt: Attempt?
    var waiter: CheckedContinuation<End, Never>?
    /// The job's own transaction is being committed in the child.
    var commit: WorkerIdentity?
    var isStopped = false
    var status: Int32?
  }

  let id: Int32
  private let channel: ChildChannel
  private let state = Mutex(State())

  init(_ arguments: [String]) throws {
    let (process, socket) = try SuspectProcess.start(arguments)
    id = process
    channel = ChildChannel(socket)
    // A thread of its own, because it waits; such children are few.
    DispatchQueue(label: "ong.suspects").async { [self] in listen() }
  }

  var isAlive: Bool { state.withLock { $0.status == nil } }

  /// Ends the process.
  func end() {
    channel.end()
    kill()
  }

  /// Runs one job. Cancelling the task asks the handler to end, and kills the process after `grace`.
  ///
  /// - Throws: `ToldOutcome` as the child tells it; `ChildCrashed` when the process has died.
  func run(_ job: SuspectJob, _ attempt: Attempt, grace: Duration) async throws -> String? {
    let end = await withTaskCancellationHandler {
      await withCheckedContinuation { waiter in
        let status = state.withLock { state in
          state.attempt = attempt
          state.waiter = waiter
          state.isStopped = false
          return state.status
        }
        if let status { return finish(.died(status)) }
        // Where it fails the process has ended, which its reader notices.
        try? channel.send(ChildOrder.run(job))
        if Task.isCancelled { stop(job.id, grace) }
      }
    } onCancel: {
      stop(job.id, grace)
    }
    switch end {
    case .told(nil, _): return nil
    case .told(let outcome?, let isDecided):
      if let result = outcome.result { return result }
      throw ToldOutcome(outcome: outcome, isDecided: isDecided)
    case .died(let status):
      await resolveCommit(attempt)
      throw ChildCrashed(status: status)
    }
  }

  private func stop(_ id: Int64, _ grace: Duration) {
    let isFirst = state.withLock { state in
      guard let attempt = state.attempt, attempt.id == id, !state.isStopped else { return false }
      state.isStopped = true
      return true
    }
    guard isFirst else { return }
    try? channel.send(ChildOrder.stop)
    let wait = DispatchTimeInterval.nanoseconds(Int(clamping: grace.wholeNanoseconds))
    DispatchQueue.global().asyncAfter(deadline: .now() + wait) { [weak self] in
      guard let self else { return }
      if state.withLock({ $0.attempt?.id == id && $0.isStopped }) { kill() }
    }
  }

  private func kill() {
    // Under the lock, so that the number is not somebody else's by now.
    state.withLock { if $0.status == nil { _ = Foundation.kill(id, SIGKILL) } }
  }

  private func finish(_ end: End) {
    let waiter = state.withLock { state in
      defer {
        state.waiter = nil
        state.attempt = nil
      }
      return state.waiter
    }
    waiter?.resume(returning: end)
  }

  /// Whether a commit that the child was at has happened, only the server knows.
  private func resolveCommit(_ attempt: Attempt) async {
    let commit = state.withLock { state in
      defer { state.commit = nil }
      return state.commit
    }
    if let commit { _ = await LocalCommit(attempt: attempt).decide(commit) }
  }

  // The thread that listens.

  private func listen() {
    while let report = channel.receive(ChildReport.self) {
      switch report {
      case .ended(let outcome, let isDecided): finish(.told(outcome, isDecided: isDecided))
      case .progress(let fraction, let note):
        state.withLock { $0.attempt }?.report(fraction: fraction, note: note)
      case .ask(let number, let question):
        guard let attempt = state.withLock({ $0.attempt }) else { continue }
        Task {
          let answer = await self.answer(question, attempt)
          try? self.channel.send(ChildOrder.answer(number, answer))
        }
      }
    }
    let status = SuspectProcess.wait(for: id) { status in
      state.withLock { $0.status = status }
    }
    finish(.died(status))
  }

  private func answer(_ question: ChildQuestion, _ attempt: Attempt) async -> ChildAnswer {
    let commit = LocalCommit(attempt: attempt)
    do {
      switch question {
      case .beginCommit:
        let worker = try await commit.begin()
        state.withLock { $0.commit = worker }
        return .worker(worker)
      case .endCommit(let fate):
        state.withLock { $0.commit = nil }
        await commit.end(fate)
        return .done
      case .decide(let worker):
        state.withLock { $0.commit = nil }
        return .fate(await commit.decide(worker))
      case .saveCheckpoint(let json):
        try await attempt.saveCheckpoint(json)
        return .done
      case .loadCheckpoint: return .value(try await attempt.loadCheckpoint())
      }
    } catch {
      return .refused(ChildRefusal(error))
    }
  }
}

/// What the child says of an attempt that did not succeed.
struct ToldOutcome: Error {
  let outcome: JobOutcome
  /// By the handler itself, so that no timeout or shutdown changes it.
  let isDecided: Bool
}

/// The child died while it ran the job alone.
struct ChildCrashed: Error, CustomStringConvertible {
  let status: Int32

  var description: String {
    let how = status > 128 ? "by signal \(status - 128)" : "with status \(status)"
    return "its process ended \(how) while it ran alone"
  }
}
