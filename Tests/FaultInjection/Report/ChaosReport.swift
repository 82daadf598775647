import Foundation

/// The result of a run, for people and as JSON. Keys are never taken away.
package struct ChaosReport: Sendable {
  package let seed: UInt64
  /// The options that, with the seed, repeat the run.
  package let options: String
  /// How long load and faults lasted.
  package let seconds: Double
  package let verdict: Verdict
  let timings: Timings
  let faults: FaultLog.Contents
  package let kills: Int
  package let skipped: [FaultKind: String]

  package var isClean: Bool { verdict.violations.isEmpty }

  /// How often a fault was done.
  package func count(_ kind: FaultKind) -> Int { faults.entries.count { $0.kind == kind } }

  /// Stops without a shutdown: on purpose, with the primary, and for want of room.
  package var serverCrashes: Int {
    count(.restartServer) + count(.killBackend) + count(.failOver) + faults.panics
  }

  package var json: String {
    let object: [String: Any] = [
      "seed": seed, "options": options, "seconds": rounded(seconds), "enqueued": verdict.enqueued,
      "accepted": verdict.accepted, "lost": verdict.lost, "unfinished": verdict.unfinished,
      "accepted_twice": verdict.acceptedTwice, "executions": verdict.executions,
      "executed_twice": verdict.executedTwice, "effects_missing": verdict.effectsMissing,
      "effects_twice": verdict.effectsTwice, "kills": kills, "server_crashes": serverCrashes,
      "rescue_p50_ms": value(timings.rescue?.p50), "rescue_p99_ms": value(timings.rescue?.p99),
      "rescue_max_ms": value(timings.rescue?.largest),
      "rescues": timings.rescue?.count ?? 0,
      "rescues_slowest": timings.slowestRescues.map {
        [
          "ms": rounded($0.milliseconds), "at": rounded($0.at), "place": $0.place.rawValue,
          "beside": $0.beside.map(\.rawValue),
        ] as [String: Any]
      },
      "rescue_through_outages_p99_ms": value(timings.rescueThroughOutages?.p99),
      "recovery_p50_ms": value(timings.recovery?.p50),
      "recovery_p99_ms": value(timings.recovery?.p99),
      "recovery_max_ms": value(timings.recovery?.largest),
      "faults": named(FaultKind.allCases.map { ($0, count($0)) }.filter { $0.1 > 0 }),
      "faults_failed": named(faults.failures.map { ($0.key, $0.value.count) }),
      "faults_skipped": named(skipped.map { ($0.key, $0.value) }),
      "violations": verdict.violations,
    ]
    let data = try? JSONSerialization.data(
      withJSONObject: object, options: [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes])
    return String(decoding: data ?? Data(), as: UTF8.self)
  }

  private func named(_ pairs: [(FaultKind, Any)]) -> [String: Any] {
    Dictionary(uniqueKeysWithValues: pairs.map { ($0.0.rawValue, $0.1) })
  }

  private func value(_ number: Double?) -> Any { number.map(rounded) ?? NSNull() }

  private func rounded(_ number: Double) -> Double { (number * 10).rounded() / 10 }
}

extension ChaosReport {
  package var text: String {
    let verdict = verdict
    var lines = [
      "seed \(seed), \(Int(seconds)) s",
      "jobs      \(verdict.enqueued) enqueued, \(verdict.accepted) accepted, "
        + "\(verdict.lost) lost, \(verdict.unfinished) unfinished, "
        + "\(verdict.acceptedTwice) accepted twice",
      "handlers  \(verdict.executions) begun, \(verdict.executedTwice) jobs more than once",
      "effects   \(verdict.effectsMissing) missing, \(verdict.effectsTwice) twice",
      "kills     \(kills) of workers; \(serverCrashes) crashes of the server",
      "rescue    \(line(timings.rescue)); through outages \(line(timings.rescueThroughOutages))",
      "recovery  \(line(timings.recovery))",
    ]
    for slow in timings.slowestRescues {
      let beside = slow.beside.map(\.rawValue).joined(separator: ", ")
      let time = "\(Int(slow.milliseconds)) ms (\(slow.place.rawValue))"
      lines.append("slow      rescue of \(time), beside \(beside)")
    }
    for kind in FaultKind.allCases where count(kind) > 0 {
      lines.append("fault     \(kind.rawValue): \(count(kind))")
    }
    for (kind, failure) in faults.failures.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
      lines.append("failed    \(kind.rawValue): \(failure.count), the last: \(failure.reason)")
    }
    for (kind, reason) in skipped.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
      lines.append("skipped   \(kind.rawValue): \(reason)")
    }
    lines += verdict.violations.map { "BROKEN    \($0)" }
    lines.append(
      (isClean ? "every invariant held" : "an invariant is broken")
        + "; again: ./scripts/chaos \(options)")
    return lines.joined(separator: "\n")
  }

  private func line(_ spread: Spread?) -> String {
    guard let spread else { return "none" }
    return "p50 \(Int(spread.p50)) ms, p99 \(Int(spread.p99)) ms, max \(Int(spread.largest)) ms"
      + " of \(spread.count)"
  }
}
