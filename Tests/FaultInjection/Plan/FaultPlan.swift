import JobQueueTesting

/// A fault with its time.
package struct PlannedFault: Sendable, Hashable {
  package let kind: FaultKind
  /// Seconds from the start of the run.
  package let at: Double
  /// Seconds that it lasts.
  package let span: Double
  /// Chooses victims and ways.
  package let seed: UInt64
}

/// What is done when. The same seed, length and counts give the same plan; each kind has its own
/// generator, so that leaving one out changes nothing of the others.
package struct FaultPlan: Sendable, Hashable {
  /// In the order of their times.
  package let faults: [PlannedFault]

  /// - Parameters:
  ///   - seconds: how long the load lasts; the faults are spread over its first nine tenths.
  ///   - counts: how many of a kind instead of `seconds / interval`, at least one.
  package init(
    seed: UInt64, seconds: Double, kinds: [FaultKind], counts: [FaultKind: Int] = [:]
  ) {
    let time = seconds * 0.9
    faults = kinds.flatMap { kind in
      var random = SeededGenerator(seed, for: kind.rawValue)
      let count = counts[kind] ?? max(1, Int(seconds / kind.interval))
      return (0..<count).map { index in
        let place = (Double(index) + Double.random(in: 0..<1, using: &random)) / Double(count)
        return PlannedFault(
          kind: kind, at: 1 + place * max(0, time - 1),
          span: min(Double.random(in: kind.span, using: &random), max(2, seconds / 3)),
          seed: random.next())
      }
    }.sorted { ($0.at, $0.kind.rawValue) < ($1.at, $1.kind.rawValue) }
  }
}
