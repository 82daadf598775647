/// Waiting times between attempts: exponential, capped, with full jitter, so that many clients
/// that lost the same server do not come back in step.
public struct Backoff: Sendable {
  /// The upper end of the first wait. Default 100 ms.
  public var initial: Duration
  /// The upper end of every later wait. Default 10 s.
  public var cap: Duration
  private var attempts = 0

  public init(initial: Duration = .milliseconds(100), cap: Duration = .seconds(10)) {
    self.initial = initial
    self.cap = cap
  }

  /// The next wait: uniformly random between zero and `min(cap, initial * 2^attempts)`.
  public mutating func next() -> Duration {
    var generator = SystemRandomNumberGenerator()
    return next(using: &generator)
  }

  public mutating func next(using generator: inout some RandomNumberGenerator) -> Duration {
    let ceiling = min(cap, initial * (1 << min(attempts, 20)))
    attempts += 1
    return ceiling * Double.random(in: 0...1, using: &generator)
  }

  /// Starts over, after a success.
  public mutating func reset() { attempts = 0 }
}
