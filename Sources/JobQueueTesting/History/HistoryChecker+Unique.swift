import LibpqClient

/// The invariant `unique`, over the time in which a job surely held its key: from the confirmed commit
/// of its enqueue to what gives the key back in its scope, as it was before that was asked for.
extension HistoryChecker {
  /// - Parameter buried: jobs that became dead letters, whose key was free from then on.
  func heldTwice(buried: Set<Int64>) -> [Violation] {
    let firstClaims = starts {
      if case .claimed(_, _, _, let ids, let begun) = $0 { (ids, begun) } else { nil }
    }
    let successes = starts {
      if case .settled(_, let begun, let ids) = $0 { (ids, begun) } else { nil }
    }
    var holds: [String: [Int64: Hold]] = [:]
    for (time, event) in events.enumerated() {
      guard case .tookKey(let id, let key, let scope, let call) = event else { continue }
      let end: Int? =
        switch scope {
        case .waiting: firstClaims[id]
        case .settled: buried.contains(id) ? nil : successes[id]
        case .window: nil
        }
      let known = holds[key]?[id] ?? Hold(id: id, scope: scope, start: time, end: end, call: call)
      holds[key, default: [:]][id] = known.joined(with: call)
    }
    return holds.flatMap { key, jobs in violations(of: key, Array(jobs.values)) }
  }

  /// Keys that are held after the time of their scope is over: nobody could enqueue under them again.
  func leakedKeys(in connection: Connection) async throws -> [Violation] {
    let rows = try await connection.query(
      """
      select count(*), min(u.id) from unique_key u
      where u.scope <> 'window' and coalesce(job_state(u.id), 'gone') in (
          'gone', 'succeeded', 'dead', 'cancelled', 'discarded', 'expired')
        or u.scope = 'waiting' and job_state(u.id) = 'running'
      """)
    let count = try rows[0, 0].decode(Int64.self)
    guard count > 0 else { return [] }
    let id = try rows[0, 1].decode(Int64.self)
    return [
      Violation(.unique, "\(count) unique keys are held by jobs that are past it, first \(id)")
    ]
  }

  private func violations(of key: String, _ holds: [Hold]) -> [Violation] {
    let pairs = holds.sorted { $0.start < $1.start }
    var found: [Violation] = []
    for (index, one) in pairs.enumerated() {
      for other in pairs[(index + 1)...] where one.overlaps(other) {
        found.append(
          Violation(.unique, "jobs \(one.id) and \(other.id) held the key \(key) at the same time"))
        break
      }
    }
    return found
  }

  /// By job, the number of the earliest event of its sort.
  private func starts(_ select: (History.Event) -> (ids: [Int64], begun: Int)?) -> [Int64: Int] {
    var starts: [Int64: Int] = [:]
    for event in events {
      guard let (ids, begun) = select(event) else { continue }
      for id in ids { starts[id] = min(starts[id] ?? .max, begun) }
    }
    return starts
  }
}

/// One job's holding of a key.
private struct Hold {
  var id: Int64
  var scope: History.KeyScope
  /// Events of the history: surely held from `start` on and before `end`; nil: unknown.
  var start: Int
  var end: Int?
  /// What encloses the taking of the key.
  var call: History.Call

  /// Several calls may have answered with the job; each of them began or ended around its taking.
  func joined(with other: History.Call) -> Hold {
    var hold = self
    hold.call.began = min(call.began, other.began)
    hold.call.ended = min(call.ended, other.ended)
    return hold
  }

  /// `other` was first heard of later.
  func overlaps(_ other: Hold) -> Bool {
    if case .window(let window) = scope {
      return other.call.ended < call.began + window && call.ended < other.call.began + window
    }
    guard let end, let otherEnd = other.end else { return false }
    return other.start < min(end, otherEnd)
  }
}
