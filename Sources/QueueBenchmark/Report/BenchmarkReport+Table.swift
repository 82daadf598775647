import Foundation

extension BenchmarkReport {
  /// The figures for a person: a heading, then a line for each system of each part.
  public struct Rows: Sendable {
    public let headings: [String]
    public let rows: [[String]]
  }

  public var table: Rows {
    let headings = [
      "", "JOBS/S", "RATIO", "P50 MS", "P99 MS", "P99.9 MS", "WAL B/JOB", "COMMITS/JOB",
      "DEAD/JOB", "SERVER µS/JOB", "CLIENT µS/JOB", "CONN", "RSS MB",
    ]
    return Rows(headings: headings, rows: parts.flatMap(rows))
  }

  /// What belongs to the figures: details of the parts, then the conditions.
  public var facts: [(name: String, value: String)] {
    let details = parts.flatMap { part in
      part.details.map { (title(part.name, $0.name), Self.text($0.value)) }
    }
    return details + conditions.map { ($0.name, $0.value.description) }
  }

  private func rows(of part: Comparison) -> [[String]] {
    var rows = [row(part.name, part.ong, ratio: nil)]
    if let bare = part.bare {
      rows.append(row("  without runtime", bare, ratio: part.ratioToBare))
    }
    if let yardstick = part.yardstick {
      rows.append(row("  yardstick", yardstick, ratio: part.ratioToYardstick))
    }
    return rows
  }

  private func title(_ part: String, _ name: String) -> String {
    parts.count == 1 ? name : "\(part): \(name)"
  }

  private func row(_ name: String, _ some: Measurement, ratio: Double?) -> [String] {
    [
      name, Self.text(some.jobsPerSecond), Self.text(ratio, decimals: 2),
      Self.text(some.latency?.p50), Self.text(some.latency?.p99), Self.text(some.latency?.p999),
      Self.text(some.perJob(some.walBytes)), Self.text(some.perJob(some.commits), decimals: 4),
      Self.text(some.perJob(some.deadTuples), decimals: 4),
      Self.text(some.microsecondsPerJob(some.serverCPU), decimals: 2),
      Self.text(some.microsecondsPerJob(some.clientCPU), decimals: 2),
      some.connections.map { "\($0)" } ?? "–",
      some.residentBytes.map { Self.text(Double($0) / 1_048_576, decimals: 1) } ?? "–",
    ]
  }

  private static func text(_ value: Double?, decimals: Int? = nil) -> String {
    guard let value else { return "–" }
    return String(format: "%.\(decimals ?? (abs(value) >= 100 ? 0 : 3))f", value)
  }
}

extension BenchmarkReport.Condition: CustomStringConvertible {
  public var description: String {
    switch self {
    case .text(let value): value
    case .number(let value): "\(value)"
    case .fraction(let value): "\(value)"
    case .flag(let value): value ? "yes" : "no"
    case .numbers(let value): value.map(String.init).joined(separator: ", ")
    }
  }
}
