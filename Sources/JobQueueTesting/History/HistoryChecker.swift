import Foundation
public import JobQueue
public import LibpqClient

/// Checks the invariants of the protocol over a recorded history and the database that it left.
///
/// The names are those of docs/architecture.md. Run it when nobody works any more.
public struct HistoryChecker: Sendable {
  public enum Invariant: String, Sendable {
    /// Every committed job is settled or still somewhere in the database.
    case noLoss
    /// At most one settle of a job was accepted as its success.
    case oneAcceptance
    /// No settle that began after the rescue of its worker was accepted.
    case fence
    /// A living worker's settle of jobs that it holds was never refused.
    case ownership
    /// The claims of a lane follow each other without gap or overlap; the jobs of a fifo key run one
    /// after another in the order of their commits.
    case order
    /// The running jobs of a queue or a key, and the starts in a time, were never above the limit.
    case limits
    /// At most one job holds a unique key, and none longer than its scope says.
    case unique
    /// A job that was rolled back was never handed out.
    case noPhantom
    /// A workflow's steps run after what they wait for, once, and their ends are counted once.
    case workflowOnce
    /// The journals hold no dead rows.
    case noPin
    /// A job that was settled in its own transaction has left its effect once, and no other has.
    case exactlyOnce
    /// A tick of a schedule fires once, and none is left out that must not be.
    case cronOnce
  }

  /// One broken invariant, with facts to find it by.
  public struct Violation: Sendable, CustomStringConvertible {
    public let invariant: Invariant
    public let description: String

    init(_ invariant: Invariant, _ facts: String) {
      self.invariant = invariant
      description = "\(invariant.rawValue): \(facts)"
    }
  }

  /// What a history amounts to, for a line of report.
  public struct Totals: Sendable {
    public var enqueued = 0
    public var accepted = 0
    public var claims = 0
    public var rescues = 0
  }

  let events: [History.Event]
  private let limits: [String: QueueLimits]
  private let effects: String?

  /// - Parameters:
  ///   - limits: of the queues in which the history's jobs ran, all the time.
  ///   - effects: a table with a row, column `job`, for each job whose own transaction settled it; nil:
  ///     there are none.
  public init(
    _ history: History, limits: [String: QueueLimits] = [:], effects: String? = nil
  ) {
    events = history.recorded
    self.limits = limits
    self.effects = effects
  }

  public var totals: Totals {
    events.reduce(into: Totals()) { totals, event in
      switch event {
      case .enqueued(let ids): totals.enqueued += ids.count
      case .settled(_, _, let ids): totals.accepted += ids.count
      case .claimed: totals.claims += 1
      case .rescued: totals.rescues += 1
      case .refused, .released, .started, .keyed, .ending, .applied, .tookKey, .fired: break
      }
    }
  }

  /// All violations found; empty where the invariants hold. The connection's search_path must lead
  /// to the queue's schema, and its role must be the owner's.
  public func violations(in connection: Connection) async throws -> [Violation] {
    let names = try await queueNames(in: connection)
    let limited = LimitChecker(
      events, limits: limits, queueNames: names, buried: try await buried(in: connection)
    ).violations()
    return try await limited + acceptances() + fences() + refusals() + phantoms()
      + losses(in: connection)
      + orders(in: connection) + uniqueKeys(in: connection) + deadRows(in: connection)
      + workflows(accepted: accepted, in: connection) + doubleEffects(in: connection)
      + firings(in: connection)
  }

  private func queueNames(in connection: Connection) async throws -> [Int32: String] {
    let rows = try await connection.query("select id, name from queue")
    return try rows.reduce(into: [:]) { $0[try $1[0].decode(Int32.self)] = try $1[1].decode() }
  }

  private func buried(in connection: Connection) async throws -> Set<Int64> {
    let rows = try await connection.query("select distinct id from job_event where event = 'dead'")
    return Set(try rows.map { try $0[0].decode(Int64.self) })
  }

  private var enqueued: Set<Int64> {
    events.reduce(into: []) { if case .enqueued(let ids) = $1 { $0.formUnion(ids) } }
  }

  private var accepted: [Int64] {
    events.reduce(into: []) { if case .settled(_, _, let ids) = $1 { $0 += ids } }
  }

  private func acceptances() -> [Violation] {
    var counts: [Int64: Int] = [:]
    for id in accepted { counts[id, default: 0] += 1 }
    return summary(counts.filter { $0.value > 1 }.keys) {
      Violation(.oneAcceptance, "\($0) jobs succeeded more than once, for example \($1)")
    }
  }

  private func fences() -> [Violation] {
    var rescuedAt: [UUID: Int] = [:]
    for (time, event) in events.enumerated() {
      if case .rescued(let epoch) = event { rescuedAt[epoch] = time }
    }
    return events.compactMap { event in
      guard case .settled(let epoch, let begun, let ids) = event,
        let rescue = rescuedAt[epoch], begun > rescue, !ids.isEmpty
      else { return nil }
      return Violation(
        .fence, "worker \(epoch) settled \(ids.count) jobs at \(begun), rescued at \(rescue)")
    }
  }

  private func refusals() -> [Violation] {
    let rescued = events.reduce(into: Set<UUID>()) {
      if case .rescued(let epoch) = $1 { $0.insert(epoch) }
    }
    return events.compactMap { event in
      guard case .refused(let epoch, let why) = event, !rescued.contains(epoch) else { return nil }
      return Violation(.ownership, "worker \(epoch) was refused: \(why)")
    }
  }

  private func phantoms() -> [Violation] {
    summary(Set(accepted).subtracting(enqueued)) {
      Violation(.noPhantom, "\($0) jobs ran that nobody committed, for example \($1)")
    }
  }

  private func losses(in connection: Connection) async throws -> [Violation] {
    let open = enqueued.subtracting(accepted).sorted()
    let rows = try await connection.query(
      "select id from unnest($1::bigint[]) id where job_state(id) is null", [open])
    let lost = try rows.map { try $0[0].decode(Int64.self) }
    return summary(lost) { Violation(.noLoss, "\($0) jobs are nowhere, for example \($1)") }
  }

  /// Each claim starts where the one before it ended, or at the start of the window that follows.
  private func orders(in connection: Connection) async throws -> [Violation] {
    let rows = try await connection.query(
      """
      select count(*), min(lane), min(seq) from (
        select c.*, lag(c.hi) over w last_hi, lag(c.to_xid) over w last_xid,
          lag(c.to_id) over w last_id, lag(c.seq) over w last_seq
        from claim c window w as (partition by c.lane order by c.seq)) c
      where last_seq is not null and not (
        seq = last_seq + 1 and (
          (hi::text = last_hi::text and from_xid = last_xid and from_id = last_id)
          or ((n > 0 or drained) and from_xid = '0' and pg_snapshot_xmax(lo) >= pg_snapshot_xmax(last_hi))))
      """)
    let count = try rows[0, 0].decode(Int64.self)
    guard count > 0 else { return [] }
    let lane = try rows[0, 1].decode(Int32.self)
    let seq = try rows[0, 2].decode(Int64.self)
    return [Violation(.order, "\(count) claims do not follow, first \(lane)/\(seq)")]
  }

  private func uniqueKeys(in connection: Connection) async throws -> [Violation] {
    let rows = try await connection.query("select distinct id from job_event where event = 'dead'")
    let buried = try Set(rows.map { try $0[0].decode(Int64.self) })
    return try await heldTwice(buried: buried) + leakedKeys(in: connection)
  }

  private func deadRows(in connection: Connection) async throws -> [Violation] {
    // Rows of transactions that were rolled back count as dead; updates and deletes must be none.
    let rows = try await connection.query(
      """
      select relname, n_tup_upd + n_tup_del from pg_stat_user_tables
      where schemaname = current_schema() and relname ~ '^(job|claim|closure)_[0-9]+$'
        and n_tup_upd + n_tup_del > 0
      """)
    return try rows.map {
      Violation(
        .noPin, "\(try $0[0].decode(String.self)): \(try $0[1].decode(Int64.self)) rows changed")
    }
  }

  private func doubleEffects(in connection: Connection) async throws -> [Violation] {
    guard let effects else { return [] }
    let rows = try await connection.query("select job, count(*) from \(effects) group by job")
    var counts: [Int64: Int64] = [:]
    for row in rows { counts[try row[0].decode()] = try row[1].decode(Int64.self) }
    let applied = events.reduce(into: Set<Int64>()) {
      if case .applied(let ids) = $1 { $0.formUnion(ids) }
    }
    return summary(counts.filter { $0.value > 1 }.keys) {
      Violation(.exactlyOnce, "\($0) jobs have left their effect more than once, for example \($1)")
    }
      + summary(Set(counts.keys).subtracting(applied)) {
        Violation(.exactlyOnce, "\($0) effects are of transactions that failed, for example \($1)")
      }
      + summary(applied.subtracting(counts.keys)) {
        Violation(.exactlyOnce, "\($0) jobs have lost their effect, for example \($1)")
      }
  }

  private func summary(
    _ ids: some Collection<Int64>, _ violation: (Int, Int64) -> Violation
  ) -> [Violation] {
    ids.min().map { [violation(ids.count, $0)] } ?? []
  }
}
