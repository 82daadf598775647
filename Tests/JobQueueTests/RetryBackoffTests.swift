import JobQueue
import Testing

@Suite("Retry backoff")
struct RetryBackoffTests {
  private func delay(_ backoff: RetryBackoff, _ attempt: Int) -> Duration {
    var generator = SystemRandomNumberGenerator()
    return backoff.delay(afterAttempt: attempt, using: &generator)
  }

  @Test("waits double and stop growing at the cap")
  func growth() {
    let backoff = RetryBackoff.exponential(jitter: 0)
    #expect([1, 2, 3, 4].map { delay(backoff, $0) } == [1, 2, 4, 8].map { .seconds($0) })
    #expect(delay(backoff, 11) == .seconds(900))
    #expect(delay(backoff, 100_000) == .seconds(900))
  }

  @Test("jitter stays within its part of the wait")
  func jitter() {
    let backoff = RetryBackoff.exponential(base: .seconds(100), jitter: 0.25)
    let waits = (0..<200).map { _ in delay(backoff, 1) }
    #expect(waits.allSatisfy { $0 >= .seconds(75) && $0 <= .seconds(125) })
    #expect(Set(waits).count > 100)
  }

  @Test("a constant wait is exact")
  func constant() {
    #expect(delay(.constant(.seconds(3)), 17) == .seconds(3))
  }
}
