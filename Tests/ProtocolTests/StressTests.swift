import Foundation
import JobQueueTesting
import LibpqClient
import Testing

/// The random stress, on the protocol and on variants of it that are broken on purpose.
@Suite("Stress", .serialized)
struct StressTests {
  @Test(
    "Every committed job succeeds exactly once under crashes, rescue of the living and rotation")
  func healthy() async throws {
    try await withQueueDatabase { configuration in
      let stress = Stress(configuration, seed: .random(in: 0...UInt64.max))
      try await stress.run(for: .seconds(6))
      let (violations, totals) = try await stress.verdict()
      #expect(violations.isEmpty, "seed \(stress.seed): \(violations)")
      #expect(totals.accepted > 300)
      #expect(totals.rescues > 0)
    }
  }

  @Test(
    "The checker finds a protocol that lacks one of its locks or checks",
    arguments: BrokenProtocol.allCases)
  func broken(_ variant: BrokenProtocol) async throws {
    try await withQueueDatabase { configuration in
      try await variant.install(configuration)
      for _ in 0..<15 {
        let stress = Stress(configuration, seed: .random(in: 0...UInt64.max))
        do {
          try await stress.run(for: .seconds(2))
        } catch let error as DatabaseError where error.isNotice {
          return
        }
        if try await !stress.verdict().violations.isEmpty { return }
      }
      Issue.record("\(variant) went unnoticed")
    }
  }
}

extension DatabaseError {
  /// The tables' constraints, settle, a look-up of a claim whose name two have (21000), or the server's
  /// look for deadlocks (40P01, where a lock that ordered the others is gone) noticed the broken protocol
  /// before the checker: a healthy run ends with none of them.
  fileprivate var isNotice: Bool {
    sqlState?.hasPrefix("23") == true || ["OG002", "21000", "40P01"].contains(sqlState)
  }
}

extension Stress {
  func verdict() async throws -> (
    violations: [HistoryChecker.Violation], totals: HistoryChecker.Totals
  ) {
    let checker = HistoryChecker(history, limits: Stress.limits, effects: Stress.effects)
    let connection = try await Connection.open(configuration)
    let violations = try await checker.violations(in: connection)
    await connection.close()
    return (violations, checker.totals)
  }
}
