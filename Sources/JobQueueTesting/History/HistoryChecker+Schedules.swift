import Foundation
import LibpqClient

extension HistoryChecker {
  /// Each tick of a schedule fired once; of one that catches up and may overlap, none was left out.
  func firings(in connection: Connection) async throws -> [Violation] {
    var jobs: [String: [Int64: Set<Int64>]] = [:]
    for case .fired(let schedule, let tick, let id) in events {
      jobs[schedule, default: [:]][tick, default: []].insert(id)
    }
    let twice = jobs.flatMap { schedule, ticks in
      ticks.filter { $0.value.count > 1 }.map {
        Violation(.cronOnce, "schedule \(schedule) fired \($0.value.count) jobs for tick \($0.key)")
      }
    }
    var holes: [Violation] = []
    for (schedule, ticks) in jobs {
      let missing = try await missing(schedule, Set(ticks.keys), in: connection)
      guard let first = missing.min() else { continue }
      holes.append(
        Violation(.cronOnce, "schedule \(schedule) left out \(missing.count) ticks, first \(first)")
      )
    }
    return twice + holes
  }

  /// Ticks between the first and the last that were fired, where the schedule may leave out none.
  private func missing(
    _ schedule: String, _ fired: Set<Int64>, in connection: Connection
  ) async throws -> Set<Int64> {
    let rows = try await connection.query(
      """
      with recursive tick as (
        select to_timestamp($2) at union all
        select tick_after(s, t.at) from tick t, schedule s where s.name = $1 and t.at < to_timestamp($3))
      select date_part('epoch', t.at)::bigint from tick t, schedule s
      where s.name = $1 and s.catch_up = 'all' and s.overlap = 'allow' and t.at <= to_timestamp($3)
      """, [schedule, Double(fired.min() ?? 0), Double(fired.max() ?? 0)])
    return Set(try rows.map { try $0[0].decode(Int64.self) }).subtracting(fired)
  }
}
