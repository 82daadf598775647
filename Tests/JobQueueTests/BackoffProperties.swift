import JobQueue
import JobQueueTesting
import LibpqClient
import Testing

@Suite("Waits between attempts, for any settings")
struct BackoffProperties {
  private static func duration(_ random: inout SeededGenerator) -> Duration {
    let longest = [0, 1, 1000, 86_400_000, 3_000_000_000_000].randomElement(using: &random)!
    return .milliseconds(Int.random(in: 0...longest, using: &random))
  }

  @Test("a retry's wait never shrinks with the attempts, and stays within cap and jitter")
  func retry() async throws {
    try await forEachSeed(rounds: 3000) { random in
      let factor = [0, 0.5, 1, 1.7, 2, 1e6, .infinity, -2, .nan].randomElement(using: &random)!
      let jitter = [0, 0.25, 1, Double.random(in: 0...1, using: &random), 3, -1, .nan]
        .randomElement(using: &random)!
      let plain = RetryBackoff.exponential(
        base: Self.duration(&random), factor: factor, cap: Self.duration(&random), jitter: 0)
      var spread = plain
      spread.jitter = jitter
      var last = Duration.zero
      for attempt in [1, 2, 3, 5, 17, 64, 1023, 1024, 1025, 1100, 32_767] {
        let wait = plain.delay(afterAttempt: attempt, using: &random)
        try hold(wait >= .zero && wait <= plain.cap, "\(plain) waits \(wait) after \(attempt)")
        try hold(wait >= last || !(factor >= 1), "\(plain) waits less after \(attempt)")
        last = wait
        let part = min(1, max(0, jitter.isNaN ? 0 : jitter))
        let some = spread.delay(afterAttempt: attempt, using: &random)
        let (low, high) = (wait * (1 - part) * 0.999_999, wait * (1 + part) * 1.000_001)
        try hold(some >= low && some <= high, "\(spread) waits \(some) after \(attempt)")
      }
    }
  }

  @Test("a client's wait lies between zero and its growing, capped end")
  func client() async throws {
    try await forEachSeed(rounds: 1000) { random in
      var backoff = Backoff(initial: .milliseconds(Int.random(in: 1...500, using: &random)))
      var end = backoff.initial
      for attempt in 0..<40 {
        let wait = backoff.next(using: &random)
        try hold(wait >= .zero && wait <= min(end, backoff.cap), "\(wait) at attempt \(attempt)")
        end = min(end * 2, backoff.cap)
      }
      backoff.reset()
      try hold(backoff.next(using: &random) <= backoff.initial, "no fresh start")
    }
  }
}
