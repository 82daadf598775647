import JobQueue
import LibpqClient

/// A job whose own transaction was being committed when the connection broke.
struct InDoubt: Sendable {
  let batch: ClaimedBatch
  let place: Int
  /// The session under which it was settled; a newer one is proof that the server has decided.
  let session: Int32
}

/// What became of a commit.
enum CommitFate: String, Sendable, Codable {
  case committed, rolledBack
  /// The job belongs to others, or this worker ends: nobody here can tell.
  case lost
}

// Commits whose answers were lost.
extension WorkerEngine {
  /// Asks the server what is still open, as after any lost connection: the claiming connection is
  /// confirmed anew, so that what the broken one had sent is decided, and what it may still send is
  /// refused.
  func decide(_ doubt: InDoubt) async -> CommitFate {
    guard !shutdown.isOver, open[doubt.batch.key]?.batch === doubt.batch else { return .lost }
    return await withCheckedContinuation { waiter in
      doubts.append((doubt, waiter))
      if case .up(let connection) = link { loseLink(connection) }
    }
  }

  /// - Parameter batch: nil: the doubts of all.
  func resolveDoubts(of batch: ClaimedBatch? = nil, _ fate: (Int64) -> CommitFate) {
    let resolved = doubts.filter { entry in
      batch.map { $0 === entry.doubt.batch && entry.doubt.session < session } ?? true
    }
    doubts.removeAll { entry in resolved.contains { $0.doubt.isSame(as: entry.doubt) } }
    for entry in resolved {
      let fate = fate(entry.doubt.batch.id(entry.doubt.place))
      // Before the job's handler hears of it, so that nothing reports the job meanwhile.
      entry.doubt.batch.endCommit(entry.doubt.place, fate)
      entry.waiter.resume(returning: fate)
    }
  }
}

extension InDoubt {
  fileprivate func isSame(as other: InDoubt) -> Bool {
    batch === other.batch && place == other.place
  }
}
