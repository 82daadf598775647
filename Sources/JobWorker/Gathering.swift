import Synchronization

/// Jobs of one kind that a slot gathers for one call of its handler. Other slots of the queue add what
/// they come upon.
final class Gathering: Sendable {
  typealias Job = (batch: ClaimedBatch, place: Int)

  private struct State {
    var jobs: [Job]
    var isClosed = false
  }

  private let limit: Int
  private let state: Mutex<State>

  init(_ first: Job, limit: Int) {
    self.limit = limit
    state = Mutex(State(jobs: [first]))
  }

  /// False when the call has begun or is full.
  func add(_ job: Job) -> Bool {
    state.withLock { state in
      guard !state.isClosed, state.jobs.count < limit else { return false }
      state.jobs.append(job)
      return true
    }
  }

  /// Adds what the gathering slot itself finds; `find` gets the number of jobs that there is room for.
  func fill(_ find: (_ room: Int) -> [Job]) {
    state.withLock { state in
      let room = limit - state.jobs.count
      if room > 0 { state.jobs += find(room) }
    }
  }

  var isFull: Bool { state.withLock { $0.jobs.count >= limit } }

  /// The call begins with these.
  func close() -> [Job] {
    state.withLock { state in
      state.isClosed = true
      return state.jobs
    }
  }
}

/// The gatherings of a queue's slots, one a kind.
final class Gatherings: Sendable {
  private let open = Mutex<[String: Gathering]>([:])

  /// Nil: the job was added to the gathering of another slot.
  func begin(_ kind: String, _ job: Gathering.Job, limit: Int) -> Gathering? {
    open.withLock { open in
      if let known = open[kind], known.add(job) { return nil }
      let new = Gathering(job, limit: limit)
      open[kind] = new
      return new
    }
  }

  func end(_ kind: String, _ gathering: Gathering) -> [Gathering.Job] {
    open.withLock { open in
      if open[kind] === gathering { open[kind] = nil }
    }
    return gathering.close()
  }
}
