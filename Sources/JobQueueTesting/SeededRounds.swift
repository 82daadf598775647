import FoundationEssentials

/// A property that did not hold, with what repeats the round.
package struct Falsified: Error, CustomStringConvertible {
  let seed: UInt64
  let reason: String

  package var description: String { "seed \(seed): \(reason) – ONG_SEED=\(seed) repeats it" }
}

/// Why a round failed.
package struct Unexpected: Error, CustomStringConvertible {
  package let description: String
  package init(_ description: String) { self.description = description }
}

/// Tries a property with the seeds 1, 2, 3 …; `ONG_SEED` names one to try alone, `ONG_ROUNDS` another
/// number of rounds.
///
/// - Throws: `Falsified`, with the first seed for which `property` throws.
package func forEachSeed(
  rounds: Int, _ property: (inout SeededGenerator) async throws -> Void
) async throws {
  let environment = ProcessInfo.processInfo.environment
  let wanted = environment["ONG_SEED"].flatMap { UInt64($0) }
  let count = environment["ONG_ROUNDS"].flatMap { UInt64($0) } ?? UInt64(rounds)
  for seed in wanted.map({ $0...$0 }) ?? 1...max(1, count) {
    var generator = SeededGenerator(seed)
    do {
      try await property(&generator)
    } catch {
      throw Falsified(seed: seed, reason: "\(error)")
    }
  }
}

/// Throws unless the condition holds.
package func hold(
  _ condition: Bool, _ reason: @autoclosure () -> String, line: UInt = #line
) throws {
  if !condition { throw Unexpected("line \(line): \(reason())") }
}
