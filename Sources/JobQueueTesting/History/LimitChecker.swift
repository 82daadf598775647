import Foundation
import JobQueue

/// Checks limits and the order of keys over a history.
///
/// A job counts as running from the record of its claim, which is after the server's commit, to the
/// beginning of what ended it: shorter than the truth, so that what is reported did happen.
struct LimitChecker {
  private typealias Violation = HistoryChecker.Violation

  private struct Run {
    let id: Int64
    let queue: String
    let start: Int
    let end: Int
  }

  private let events: [History.Event]
  private let limits: [String: QueueLimits]
  private let runs: [Run]
  /// Jobs that were dead at some time: their keys did not wait for what a redrive made of them.
  private let buried: Set<Int64>
  /// The keys of jobs.
  private var keys: [Int64: String] = [:]

  init(
    _ events: [History.Event], limits: [String: QueueLimits], queueNames: [Int32: String],
    buried: Set<Int64>
  ) {
    self.events = events
    self.limits = limits
    self.buried = buried
    runs = Self.runs(events, queueNames)
    for case .keyed(_, let key, _, let ids) in events {
      for id in ids { keys[id] = key }
    }
  }

  func violations() -> [HistoryChecker.Violation] {
    limits.sorted { $0.key < $1.key }.flatMap { queue, limit in
      let runs = runs.filter { $0.queue == queue }
      var found: [Violation] = []
      if let most = limit.maxRunning {
        if let peak = crowds(runs, most) {
          found.append(Violation(.limits, "\(peak) jobs of \(queue) ran, limit \(most)"))
        }
      }
      let byKey = Dictionary(grouping: runs.filter { keys[$0.id] != nil }) { keys[$0.id]! }
      if let most = limit.keyOrder == .fifo ? 1 : limit.maxRunningPerKey {
        found += byKey.compactMap { key, runs in
          crowds(runs, most).map {
            Violation(.limits, "\($0) jobs of \(queue), key \(key), ran, limit \(most)")
          }
        }
      }
      if let rate = limit.rate { found += overdrafts(queue, rate) }
      if limit.keyOrder == .fifo { found += disorders(queue, byKey) }
      return found
    }
  }

  /// The most runs at a time, if they were more than allowed.
  private func crowds(_ runs: [Run], _ most: Int) -> Int? {
    var changes: [(time: Int, change: Int)] = []
    for run in runs where run.start < run.end {
      changes += [(run.start, 1), (run.end, -1)]
    }
    var (now, peak) = (0, 0)
    for change in changes.sorted(by: { ($0.time, $0.change) < ($1.time, $1.change) }) {
      now += change.change
      peak = max(peak, now)
    }
    return peak > most ? peak : nil
  }

  /// Starts within any time by the server's clock, each time taken as long as it may have been.
  private func overdrafts(_ queue: String, _ rate: QueueLimits.Rate) -> [Violation] {
    let starts = events.compactMap { event -> (count: Int, after: Double, before: Double)? in
      guard case .started(queue, let count, let after, let before) = event else { return nil }
      return (count, after, before)
    }
    let perSecond = Double(rate.count) / (rate.per / .seconds(1))
    let last = starts.sorted { $0.before < $1.before }
    for first in starts {
      var count = 0
      for start in last where start.after >= first.after {
        count += start.count
        let allowed = Double(rate.burst) + perSecond * (start.before - first.after)
        if Double(count) > allowed + 1e-6 {
          return [Violation(.limits, "\(count) starts of \(queue), allowed \(allowed)")]
        }
      }
    }
    return []
  }

  /// A job starts only after the end of every job whose commit came before its own enqueueing.
  private func disorders(_ queue: String, _ runs: [String: [Run]]) -> [Violation] {
    var enqueued: [Int64: (begun: Int, committed: Int)] = [:]
    for (time, event) in events.enumerated() {
      guard case .keyed(queue, _, let begun, let ids) = event else { continue }
      for id in ids { enqueued[id] = (begun, time) }
    }
    return runs.compactMap { key, runs in
      let firstStart = runs.reduce(into: [Int64: Int]()) {
        $0[$1.id] = min($0[$1.id] ?? .max, $1.start)
      }
      let lastEnd = runs.reduce(into: [Int64: Int]()) { $0[$1.id] = max($0[$1.id] ?? 0, $1.end) }
      for (id, start) in firstStart {
        guard let own = enqueued[id] else { continue }
        for (other, end) in lastEnd where other != id && end > start && !buried.contains(other) {
          guard let before = enqueued[other], before.committed < own.begun else { continue }
          return Violation(.order, "job \(id) of \(queue), key \(key), began before \(other) ended")
        }
      }
      return nil
    }
  }

  private static func runs(_ events: [History.Event], _ queueNames: [Int32: String]) -> [Run] {
    var open: [Int64: (epoch: UUID, queue: String, start: Int)] = [:]
    var runs: [Run] = []
    // A claim may be recorded after the rescue of its worker, which was alive: it was over by then.
    var ended: Set<UUID> = []
    func close(_ id: Int64, at end: Int) {
      guard let run = open.removeValue(forKey: id) else { return }
      runs.append(Run(id: id, queue: run.queue, start: run.start, end: end))
    }
    for (time, event) in events.enumerated() {
      switch event {
      case .claimed(let epoch, let lane, _, let ids, _) where !ended.contains(epoch):
        for id in ids { open[id] = (epoch, queueNames[lane / 4] ?? "", time) }
      case .settled(_, let begun, let ids), .released(let begun, let ids):
        for id in ids { close(id, at: begun) }
      case .ending(let epoch):
        ended.insert(epoch)
        for (id, run) in open where run.epoch == epoch { close(id, at: time) }
      case .claimed, .enqueued, .applied, .refused, .rescued, .started, .keyed, .tookKey, .fired:
        break
      }
    }
    return runs
  }
}
