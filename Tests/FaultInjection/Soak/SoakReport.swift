import Foundation

/// What a soak amounts to.
package struct SoakReport: Sendable {
  let options: SoakOptions
  package let samples: [SoakSample]
  package let verdict: Verdict
  package let deploys: Int
  package let losses: AttemptLosses

  /// Ten minutes are needed to speak of memory and latency, half an hour of growth beyond what is kept
  /// for ten minutes.
  static let enoughForTrends = 600.0
  static let enoughForTables = 1800.0

  private func trend(_ value: (SoakSample) -> Double?) -> Trend {
    Trend(samples.compactMap { sample in value(sample).map { (sample.minute, $0) } })
  }

  package var memory: Trend { trend(\.lastingWorkerKiB) }
  package var latency: Trend { trend(\.p99) }

  package func table(_ name: String, _ value: (SoakSample.Table) -> Int64) -> Trend {
    trend { sample in sample.tables.first { $0.name == name }.map { Double(value($0)) } }
  }

  private var tableNames: [String] { samples.last?.tables.map(\.name) ?? [] }

  /// What is wrong, in words.
  package var findings: [String] {
    var findings = verdict.violations
    if losses.count > 0 {
      findings.append(
        "deploys: \(losses.afterCrashes) attempts after crashes, \(losses.begunAgain) begun again, "
          + "\(losses.rescuedWorkers) workers rescued")
    }
    if verdict.executions > 0 && deploys == 0 && options.seconds > options.deployEvery {
      findings.append("deploys: no worker was restarted")
    }
    if options.seconds >= Self.enoughForTrends {
      if memory.grows(byMoreThan: 0.1, plus: 4096) {
        findings.append("memory: \(Int(memory.slope ?? 0)) KiB a minute more")
      }
      if latency.grows(byMoreThan: 0.5, plus: 20) {
        findings.append("latency: the p99 rises by \(Int(latency.slope ?? 0)) ms a minute")
      }
    }
    if options.seconds >= Self.enoughForTables {
      for name in tableNames where table(name, \.bytes).grows(byMoreThan: 0.25, plus: 2_097_152) {
        findings.append("table \(name) grows beyond its retention")
      }
    }
    return findings
  }

  package var isClean: Bool { findings.isEmpty }

  private var judged: [String] {
    ["history", "deploys"]
      + (options.seconds >= Self.enoughForTrends ? ["memory", "latency"] : [])
      + (options.seconds >= Self.enoughForTables ? ["tables"] : [])
  }

  package var json: String {
    let object: [String: Any] = [
      "seconds": options.seconds, "seed": options.seed, "rate": options.rate,
      "enqueued": verdict.enqueued, "accepted": verdict.accepted, "lost": verdict.lost,
      "unfinished": verdict.unfinished, "accepted_twice": verdict.acceptedTwice,
      "executions": verdict.executions, "executed_twice": verdict.executedTwice,
      "effects_missing": verdict.effectsMissing, "effects_twice": verdict.effectsTwice,
      "deploys": deploys, "attempts_lost": losses.count,
      "memory_kib": summary(memory), "p50_ms": summary(trend(\.p50)), "p99_ms": summary(latency),
      "producer_memory_kib": summary(trend { $0.producersKiB.max() }),
      "tables": Dictionary(
        uniqueKeysWithValues: tableNames.map { ($0, summary(table($0, \.bytes))) }),
      "dead_tuples": Dictionary(
        uniqueKeysWithValues: tableNames.map { ($0, summary(table($0, \.deadTuples))) }),
      "samples": samples.map(\.object), "judged": judged, "findings": findings,
    ]
    let data = try? JSONSerialization.data(
      withJSONObject: object, options: [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes])
    return String(decoding: data ?? Data(), as: UTF8.self)
  }

  private func summary(_ trend: Trend) -> [String: Any] {
    [
      "first": trend.points.first?.value as Any? ?? NSNull(),
      "second_quarter": trend.part(0.25, 0.5).median as Any? ?? NSNull(),
      "last_quarter": trend.part(0.75, 1).median as Any? ?? NSNull(),
      "largest": trend.largest as Any? ?? NSNull(),
      "slope_per_minute": trend.slope.map { ($0 * 100).rounded() / 100 } as Any? ?? NSNull(),
    ]
  }
}

extension SoakReport {
  package var text: String {
    var lines = [
      "\(Int(options.seconds)) s, \(verdict.enqueued) jobs enqueued, \(verdict.accepted) accepted, "
        + "\(verdict.lost) lost, \(verdict.unfinished) unfinished, "
        + "\(verdict.acceptedTwice) accepted twice",
      "effects   \(verdict.effectsMissing) missing, \(verdict.effectsTwice) twice",
      "deploys   \(deploys), \(losses.count) attempts lost",
      "memory    \(line(memory, "KiB"))", "p99       \(line(latency, "ms"))",
    ]
    let largest = tableNames.sorted {
      (table($0, \.bytes).largest ?? 0) > (table($1, \.bytes).largest ?? 0)
    }
    for name in largest.prefix(8) {
      lines.append("table     \(name): \(line(table(name, \.bytes), "bytes"))")
    }
    lines += findings.map { "BROKEN    \($0)" }
    lines.append(
      (isClean ? "all is well" : "all is not well") + "; judged: " + judged.joined(separator: ", "))
    return lines.joined(separator: "\n")
  }

  private func line(_ trend: Trend, _ unit: String) -> String {
    let middle = Int(trend.part(0.25, 0.5).median ?? 0)
    return
      "\(middle) \(unit) in the second quarter, \(Int(trend.part(0.75, 1).median ?? 0)) in the last, "
      + "\(Int(trend.largest ?? 0)) at most"
  }
}

extension SoakSample {
  var line: String {
    let memory = Int((lastingWorkerKiB ?? 0) / 1024)
    let bytes = tables.map(\.bytes).reduce(0, +) >> 20
    return "minute \((minute * 10).rounded() / 10): \(settled) settled, p50 \(Int(p50 ?? 0)) ms, "
      + "p99 \(Int(p99 ?? 0)) ms, worker \(memory) MiB, tables \(bytes) MiB"
  }

  var object: [String: Any] {
    [
      "minute": (minute * 100).rounded() / 100, "settled": settled, "probes": probes,
      "p50_ms": p50 as Any? ?? NSNull(), "p99_ms": p99 as Any? ?? NSNull(),
      "lasting_worker_kib": lastingWorkerKiB as Any? ?? NSNull(), "workers_kib": workersKiB,
      "producers_kib": producersKiB,
      "tables": Dictionary(
        uniqueKeysWithValues: tables.map {
          ($0.name, ["bytes": $0.bytes, "dead_tuples": $0.deadTuples])
        }),
    ]
  }
}
