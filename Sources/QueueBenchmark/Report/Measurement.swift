/// What one system did in one measured span, the median of several.
public struct Measurement: Sendable {
  /// Jobs that were done, or enqueued.
  public var jobs: Int
  public var seconds: Double
  public var latency: LatencySummary?
  /// From the enqueue on where the run enqueues, see the run's page.
  public var walBytes: Int64?
  public var commits: Int64?
  /// Row versions that updates and deletes left behind, whether vacuumed by now or not.
  public var deadTuples: Int64?
  /// Seconds of CPU of all of the server's processes; nil where the server is on another machine.
  public var serverCPU: Double?
  /// Seconds of CPU of this process and of those that hold its workers.
  public var clientCPU: Double?
  /// Of the workers.
  public var connections: Int?
  /// Most memory of this process in the span, or of one that holds its workers, in bytes.
  public var residentBytes: Int?

  public var jobsPerSecond: Double? {
    jobs > 0 && seconds > 0 ? Double(jobs) / seconds : nil
  }

  func perJob(_ total: (some BinaryInteger)?) -> Double? {
    total.flatMap { jobs > 0 ? Double($0) / Double(jobs) : nil }
  }

  func microsecondsPerJob(_ seconds: Double?) -> Double? {
    seconds.flatMap { jobs > 0 ? $0 * 1e6 / Double(jobs) : nil }
  }

  /// The one in the middle by its speed.
  static func median(_ rounds: [Measurement]) -> Measurement? {
    median(rounds) { $0.jobsPerSecond ?? 0 }
  }

  /// The one in the middle by something else.
  static func median(_ rounds: [Measurement], by value: (Measurement) -> Double) -> Measurement? {
    let sorted = rounds.sorted { value($0) < value($1) }
    return sorted.isEmpty ? nil : sorted[sorted.count / 2]
  }
}

/// Percentiles in milliseconds.
public struct LatencySummary: Sendable, Hashable {
  public var p50: Double
  public var p99: Double
  public var p999: Double
  public var max: Double
  public var count: Int
}

/// One thing measured on Ong and on its yardsticks, in turns.
public struct Comparison: Sendable {
  /// Names it among the parts of a run.
  public var name: String
  public var ong: Measurement
  public var yardstick: Measurement?
  /// Ong's own SQL, without the worker's runtime.
  public var bare: Measurement?
  /// What only this run tells, by its name in the JSON.
  public var details: [(name: String, value: Double?)] = []

  init(
    _ name: String, ong: Measurement, yardstick: Measurement? = nil, bare: Measurement? = nil,
    details: [(name: String, value: Double?)] = []
  ) {
    self.name = name
    self.ong = ong
    self.yardstick = yardstick
    self.bare = bare
    self.details = details
  }

  public var ratioToYardstick: Double? { ratio(to: yardstick) }
  public var ratioToBare: Double? { ratio(to: bare) }

  private func ratio(to other: Measurement?) -> Double? {
    guard let ours = ong.jobsPerSecond, let theirs = other?.jobsPerSecond else { return nil }
    return ours / theirs
  }
}
