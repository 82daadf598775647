/// The plan of an open loop: job n is meant to be sent at a fixed time, whatever became of those before.
///
/// Latency counts from that time. A sender or a receiver that stalls therefore makes every job late
/// that was meant to be sent meanwhile; a loop that waits for each answer would count one.
struct OpenLoop: Sendable {
  /// Jobs a second.
  let rate: Double
  let jobs: Int

  init(rate: Double, seconds: Double) {
    self.rate = rate
    jobs = max(1, Int((rate * seconds).rounded()))
  }

  /// When job `index` is meant to be sent, in nanoseconds from the start.
  func intended(_ index: Int) -> Int64 { Int64((Double(index) * 1e9 / rate).rounded()) }

  /// How many jobs are meant to be sent by then.
  func due(at elapsed: Int64) -> Int {
    guard elapsed >= 0 else { return 0 }
    return min(jobs, Int((Double(elapsed) * rate / 1e9).rounded(.down)) + 1)
  }
}
