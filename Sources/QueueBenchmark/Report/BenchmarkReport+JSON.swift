import Foundation

extension BenchmarkReport {
  /// One JSON document, keys sorted. What a run can't measure is null.
  public func json() throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(self), as: UTF8.self)
  }
}

extension BenchmarkReport: Encodable {
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Key.self)
    try container.encode(run.rawValue, forKey: "run")
    var conditions = container.nestedContainer(keyedBy: Key.self, forKey: "conditions")
    for (name, value) in self.conditions { try conditions.encode(value, forKey: Key(name)) }
    try headline.encode(into: &container)
    try container.encode(parts, forKey: "parts")
  }
}

extension Comparison: Encodable {
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Key.self)
    try container.encode(name, forKey: "name")
    try encode(into: &container)
  }

  fileprivate func encode(into container: inout KeyedEncodingContainer<Key>) throws {
    for (name, value) in ong.figures { try container.encode(value, forKey: Key(name)) }
    try container.encode(yardstick?.jobsPerSecond?.rounded, forKey: "yardstick_jobs_per_second")
    try container.encode(ratioToYardstick?.short, forKey: "ratio_to_yardstick")
    try container.encode(bare?.jobsPerSecond?.rounded, forKey: "bare_jobs_per_second")
    try container.encode(ratioToBare?.short, forKey: "ratio_to_bare")
    try container.encode(yardstick, forKey: "yardstick")
    try container.encode(bare, forKey: "bare")
    var ratios = container.nestedContainer(keyedBy: Key.self, forKey: "ratios_to_yardstick")
    for (ours, theirs) in zip(ong.figures, yardstick?.figures ?? []) {
      try ratios.encode(ours.value.ratio(to: theirs.value), forKey: Key(ours.name))
    }
    for (name, value) in details { try container.encode(value?.short, forKey: Key(name)) }
  }
}

extension Measurement: Encodable {
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Key.self)
    for (name, value) in figures { try container.encode(value, forKey: Key(name)) }
  }

  fileprivate var figures: [(name: String, value: Double?)] {
    [
      ("jobs", Double(jobs)),
      ("seconds", seconds.short),
      ("jobs_per_second", jobsPerSecond?.rounded),
      ("p50_ms", latency?.p50.short),
      ("p99_ms", latency?.p99.short),
      ("p999_ms", latency?.p999.short),
      ("wal_bytes_per_job", perJob(walBytes)?.short),
      ("commits_per_job", perJob(commits)?.short),
      ("dead_tuples_per_job", perJob(deadTuples)?.short),
      ("server_cpu_us_per_job", microsecondsPerJob(serverCPU)?.short),
      ("client_cpu_us_per_job", microsecondsPerJob(clientCPU)?.short),
      ("connections", connections.map(Double.init)),
      ("rss_bytes", residentBytes.map(Double.init)),
    ]
  }
}

extension Double? {
  fileprivate func ratio(to other: Double?) -> Double? {
    guard let self, let other, other != 0 else { return nil }
    return (self / other).short
  }
}

extension BenchmarkReport.Condition: Encodable {
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    switch self {
    case .text(let value): try container.encode(value)
    case .number(let value): try container.encode(value)
    case .fraction(let value): try container.encode(value)
    case .flag(let value): try container.encode(value)
    case .numbers(let value): try container.encode(value)
    }
  }
}

/// A key by its name in the JSON.
private struct Key: CodingKey, ExpressibleByStringLiteral {
  let stringValue: String
  var intValue: Int? { nil }

  init(_ name: String) { stringValue = name }
  init(stringLiteral value: String) { stringValue = value }
  init?(stringValue: String) { self.stringValue = stringValue }
  init?(intValue: Int) { nil }
}

extension Double {
  /// Nobody measures a tenth of a job a second, unless it is a slow rate.
  fileprivate var rounded: Double { self >= 1000 ? self.rounded() : short }

  /// Four significant digits behind zeros, three decimals else.
  fileprivate var short: Double {
    guard isFinite, self != 0 else { return isFinite ? self : 0 }
    let digits = abs(self) >= 1 ? 3.0 : 3 - Foundation.log10(abs(self)).rounded(.down)
    let scale = Foundation.pow(10, digits)
    return (self * scale).rounded() / scale
  }
}
