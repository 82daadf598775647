/// Attempts that ended with their worker and not with a result. A deploy must cost none.
package struct AttemptLosses: Sendable {
  /// Handlers that began although their job had crashed before.
  package let afterCrashes: Int
  /// Handlers that began once more with the attempt of before: cut off and handed back.
  package let begunAgain: Int
  /// Workers that were declared dead.
  package let rescuedWorkers: Int

  package var count: Int { afterCrashes + begunAgain + rescuedWorkers }

  package init(_ recorded: Recorded, rescuedWorkers: Int) {
    self.rescuedWorkers = rescuedWorkers
    afterCrashes = recorded.starts.count { $0.crashes > 0 }
    var begun: [Int64: [Int64: Int]] = [:]
    for start in recorded.starts { begun[start.id, default: [:]][start.attempt, default: 0] += 1 }
    begunAgain = begun.map { id, attempts in
      // A job that has asked to be run later comes with the attempt of before.
      max(0, attempts.values.map { $0 - 1 }.reduce(0, +) - recorded.snoozes[id, default: 0])
    }.reduce(0, +)
  }
}
