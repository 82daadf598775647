import Foundation
import JobQueueTesting
package import LibpqClient

/// What a run amounts to: its journals and its database, put together and checked.
package struct Verdict: Sendable {
  /// Jobs of transactions that are known to have committed.
  package private(set) var enqueued = 0
  /// Those of them of which nothing is left.
  package private(set) var lost = 0
  /// Those of them that are still somewhere after the time for that.
  package private(set) var unfinished = 0
  package private(set) var accepted = 0
  package private(set) var acceptedTwice = 0
  package private(set) var executions = 0
  package private(set) var executedTwice = 0
  /// Jobs that ought to have left their effect and have not.
  package private(set) var effectsMissing = 0
  package private(set) var effectsTwice = 0
  package private(set) var violations: [String] = []

  /// - Parameter connection: to the database that the run left, with `ong` on its search path, when
  ///   nobody works any more.
  package init(_ recorded: Recorded, in connection: Connection) async throws {
    let acts = try await Self.acts(in: connection)
    var settled: [Int64: Int] = [:]
    for act in acts { for id in act.ids { settled[id, default: 0] += 1 } }
    // What its producer could not know of, but ran, was committed; so was what no producer made.
    let ran = recorded.uncertain.union(recorded.made).filter { settled[$0] != nil }
    enqueued = recorded.enqueued.count
    accepted = settled.count
    acceptedTwice = settled.values.count { $0 > 1 }
    executions = recorded.starts.count
    executedTwice = Self.repeated(recorded.starts)
    try await countLosses(recorded.enqueued.filter { settled[$0] == nil }, in: connection)
    try await countEffects(recorded.payments.filter { settled[$0] != nil }, in: connection)
    let history = Self.history(recorded, ran, acts)
    let checker = HistoryChecker(history, effects: "public.effect")
    violations += try await checker.violations(in: connection).map(\.description)
  }

  /// Adds one that is not of the history, such as a process that ended by itself.
  mutating func add(_ violations: [String]) { self.violations += violations }

  /// An act that the database has recorded.
  private struct Act {
    let what: String
    let epoch: UUID
    let ids: [Int64]
  }

  private static func acts(in connection: Connection) async throws -> [Act] {
    var acts: [Act] = []
    var last: Int64 = 0
    while true {
      let rows = try await connection.query(
        """
        select seq, what, epoch, coalesce(ids, '{}') from chaos.observed
        where seq > $1 order by seq limit 20000
        """, [last])
      for row in rows {
        last = try row[0].decode()
        acts.append(
          Act(what: try row[1].decode(), epoch: try row[2].decode(), ids: try row[3].decode()))
      }
      if rows.isEmpty { return acts }
    }
  }

  private static func repeated(_ starts: [Recorded.Start]) -> Int {
    var seen: Set<Int64> = []
    var again: Set<Int64> = []
    for start in starts where !seen.insert(start.id).inserted { again.insert(start.id) }
    return again.count
  }

  private mutating func countLosses(_ open: Set<Int64>, in connection: Connection) async throws {
    let rows = try await connection.query(
      "select count(*) from unnest($1::bigint[]) id where job_state(id) is null", [Array(open)])
    lost = Int(try rows[0, 0].decode(Int64.self))
    unfinished = open.count - lost
    if unfinished > 0 {
      let story = try await connection.query(
        "select job_story(id)::text from unnest($1::bigint[]) id where job_state(id) is not null limit 1",
        [Array(open)])
      let told = try story.first?[0].decode(String?.self) ?? ""
      violations.append("progress: \(unfinished) jobs have not ended, for example \(told)")
    }
  }

  private mutating func countEffects(
    _ settled: Set<Int64>, in connection: Connection
  ) async throws {
    let rows = try await connection.query(
      """
      select (select count(*) from unnest($1::bigint[]) id
              where not exists (select from public.effect e where e.job = id)),
        (select count(*) from (select from public.effect group by job having count(*) > 1) e)
      """, [Array(settled)])
    effectsMissing = Int(try rows[0, 0].decode(Int64.self))
    effectsTwice = Int(try rows[0, 1].decode(Int64.self))
  }

  private static func history(_ recorded: Recorded, _ ran: Set<Int64>, _ acts: [Act]) -> History {
    let history = History()
    // Once: it joins sets of all jobs of the run.
    let payments = recorded.payments
    history.record(.enqueued(ids: Array(recorded.enqueued.union(ran))))
    for act in acts {
      switch act.what {
      case "settled":
        history.record(.settled(epoch: act.epoch, begun: history.now, ids: act.ids))
        let applied = act.ids.filter(payments.contains)
        if !applied.isEmpty { history.record(.applied(ids: applied)) }
      case "rescued": history.record(.rescued(epoch: act.epoch))
      default: break
      }
    }
    // A handler was told so: then it must be so.
    history.record(.applied(ids: Array(recorded.applied)))
    return history
  }
}
