import Foundation
import JobQueue
import LibpqClient
import Logging

// The listening connection: sleepers' locks, wake-ups, and what operators say.
extension WorkerEngine {
  private static let stepTimeout = Duration.seconds(10)

  /// Keeps a listening connection until the worker stops. Without one the worker goes on by asking.
  func keepListening() async {
    guard let sessions = settings.sessions(beside: database) else { return }
    var backoff = Backoff(cap: .seconds(3))
    while !shutdown.isOver {
      do {
        let connection = try await openConnection("listen", to: sessions)
        backoff.reset()
        await listen(on: connection)
        await connection.close()
      } catch {
        logger.debug("listening connection not made", metadata: ["error": "\(error)"])
      }
      if !shutdown.isOver { try? await Task.sleep(for: backoff.next()) }
    }
  }

  /// Returns when the connection is gone.
  private func listen(on connection: Connection) async {
    do {
      // A stream would wake a thread more for each job that an idle worker is told of.
      try await connection.listen(sql.wakeChannel) { [executor] notice in
        executor.queue.async { self.assumeIsolated { $0.wake(notice.payload) } }
      }
      let controls = try await connection.listen(sql.controlChannel)
      guard !shutdown.isOver else { return }
      listener = connection
      for await notice in controls { heed(notice.payload) }
    } catch {
      logger.debug("listening failed", metadata: ["error": "\(error)"])
    }
    listener = nil
    sleepChanges = SleepChanges()
    served.updateAll { $0.ladder.listenerLost() }
  }

  /// A queue has work.
  private func wake(_ queue: String) {
    guard let index = served.place(of: queue) else { return }
    perform(served.update(index) { $0.ladder.notified(at: .now) }, queue: index)
    pumpOnce()
  }

  /// Somebody has spoken to all workers: `cancel <job>`, `drain <epoch>`, `pause <queue>`,
  /// `resume <queue>`, `schedule <name>`, `due soon`.
  private func heed(_ payload: String) {
    let words = payload.split(separator: " ", maxSplits: 1).map(String.init)
    guard words.count == 2 else { return }
    switch words[0] {
    case "cancel": if let id = Int64(words[1]) { cancel(id) }
    case "drain": if UUID(uuidString: words[1]) == epoch { drainForOperator() }
    case "resume": wake(words[1])
    case "schedule": tellMaintainer(.scheduleChanged)
    case "due": tellMaintainer(.jobDue(in: .zero))
    default: break  // the server itself hands out nothing of a paused queue
    }
  }

  /// Ends a job that is ours, wherever it is; does nothing if it is not.
  func cancel(_ id: Int64) {
    for pool in pools {
      for slot in pool.slots where slot.stop(id, .cancelled) { return }
    }
    for entry in open.values where entry.batch.finishUntaken(id: id, .cancelled) {
      note(entry.batch, at: .now)
      return pumpOnce()
    }
  }

  /// Notes what a queue's ladder asks for on the listening connection; `pump` sends it.
  func perform(_ action: WakeLadder.Action, queue: Int) {
    switch action {
    case .none: return
    case .beginSleep: sleepChanges.beginning.append(queue)
    case .endSleep: sleepChanges.ending.append(queue)
    }
  }

  /// One call each for all queues that fall asleep or wake up.
  func sendSleepChanges() {
    guard !sleepChanges.isEmpty else { return }
    let changes = sleepChanges
    sleepChanges = SleepChanges()
    if !changes.beginning.isEmpty { setAsleep(true, queues: changes.beginning) }
    if !changes.ending.isEmpty { setAsleep(false, queues: changes.ending) }
  }

  private func setAsleep(_ isAsleep: Bool, queues: [Int]) {
    guard let listener, shutdown.mayClaim else {
      for queue in queues { served.update(queue) { $0.ladder.listenerLost() } }
      return
    }
    let function = isAsleep ? sql("sleep_begin") : sql("sleep_end")
    let request = PipelineRequest.query("select \(function)($1)", [queues.map { served[$0].name }])
    listener.submit([request], timeout: Self.stepTimeout) { [executor] answers in
      executor.queue.async {
        self.assumeIsolated { $0.sleepChanged(answers, isAsleep, queues: queues, on: listener) }
      }
    }
  }

  private func sleepChanged(
    _ answers: [Result<QueryResult, DatabaseError>], _ isAsleep: Bool, queues: [Int],
    on connection: Connection
  ) {
    guard connection === listener else { return }
    switch answers.first {
    case .success(let rows) where isAsleep:
      let boundary = (try? rows[0, 0].decode(Int64.self)) ?? .max
      for queue in queues {
        served.update(queue) { $0.ladder.sleepBegan(before: boundary, isRated: $0.isRated) }
      }
    case .success:
      for queue in queues { served.update(queue) { $0.ladder.sleepEnded() } }
    case .failure, nil:
      // Its locks are in doubt: a new connection has none.
      Task { await connection.close() }
    }
    pumpOnce()
  }
}

/// Places of queues whose sleep is to begin or to end.
struct SleepChanges {
  var beginning: [Int] = []
  var ending: [Int] = []

  var isEmpty: Bool { beginning.isEmpty && ending.isEmpty }
}
