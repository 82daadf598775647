/// How long a failed job waits before its next attempt.
public struct RetryBackoff: Sendable, Hashable {
  /// The wait after the first failure.
  public var base: Duration
  /// What each further failure multiplies the wait by.
  public var factor: Double
  /// No wait is longer than this, but for the jitter.
  public var cap: Duration
  /// The part of the wait that is random, 0…1, others are taken for the nearest: 0.25 spreads it over 75–125 %, so that jobs that
  /// failed together do not come back together.
  public var jitter: Double

  /// 1 s, 2 s, 4 s … capped at 15 minutes, each ± 25 %.
  public static func exponential(
    base: Duration = .seconds(1), factor: Double = 2, cap: Duration = .seconds(900),
    jitter: Double = 0.25
  ) -> RetryBackoff {
    RetryBackoff(base: base, factor: factor, cap: cap, jitter: jitter)
  }

  /// The same wait each time, exactly.
  public static func constant(_ wait: Duration) -> RetryBackoff {
    RetryBackoff(base: wait, factor: 1, cap: wait, jitter: 0)
  }

  /// The wait after failed attempt number `attempt`, counted from 1.
  public func delay(
    afterAttempt attempt: Int, using generator: inout some RandomNumberGenerator
  ) -> Duration {
    guard base > .zero, cap > .zero else { return .zero }
    // Seconds as Double: beyond attempt 60 or so the power is infinite, which `min` caps.
    let grown = base.inSeconds * power(factor, max(0, attempt - 1))
    let capped = grown > 0 ? min(grown, cap.inSeconds) : 0
    guard jitter > 0 else { return min(cap, .seconds(capped)) }
    let part = min(jitter, 1)
    let spread = Double.random(in: (1 - part)...(1 + part), using: &generator)
    return .seconds(capped * spread)
  }

  private func power(_ base: Double, _ exponent: Int) -> Double {
    var result = 1.0
    for _ in 0..<min(exponent, 1100) { result *= base }
    return result
  }
}

extension Duration {
  /// This duration in seconds, rounded to what a Double holds.
  package var inSeconds: Double {
    Double(components.seconds) + Double(components.attoseconds) * 1e-18
  }

  /// Whole milliseconds, rounded to the nearest.
  package var inMilliseconds: Int64 { Int64((inSeconds * 1000).rounded()) }
}
