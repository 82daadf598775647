import Foundation
import JobQueueTesting
import LibpqClient

/// One life of a worker that claims and settles at random.
struct StressWorker {
  /// A claim and the jobs of it that are not settled.
  private struct Open {
    let lane: Int32
    let seq: Int64
    var ids: [Int64]
    var isPartlySettled = false
  }

  let epoch = UUID()
  private(set) var session: Int32
  private let connection: Connection
  private let history: History
  private let queues: [String]
  private var open: [Open] = []

  init(_ connection: Connection, history: History, queues: [String]) async throws {
    self.connection = connection
    self.history = history
    self.queues = queues
    session = try await connection.query(
      "select register_worker($1, 'host', 1, 'test', 4, $2, array['k'])", [epoch, queues]
    )[0, 0].decode(Int32.self)
  }

  mutating func step(_ random: inout SeededGenerator) async throws {
    if Int.random(in: 0..<40, using: &random) == 0 { try await confirm() }
    let queue = queues.randomElement(using: &random)!
    try await claim(queue, limit: [1, 5, 20, 100].randomElement(using: &random)!)
    if open.count > 6 || (!open.isEmpty && Int.random(in: 0..<3, using: &random) == 0) {
      let index = open.indices.randomElement(using: &random)!
      if Int.random(in: 0..<4, using: &random) == 0 {
        try await apply(index, &random)
      } else {
        try await settle(index, &random)
      }
    }
  }

  /// Claims and says whether there was anything.
  @discardableResult
  mutating func claim(_ queue: String, limit: Int32) async throws -> Bool {
    let begun = history.now
    let rows = try await connection.query(
      """
      select lane, seq, id, extract(epoch from statement_timestamp())::float8, \
      extract(epoch from clock_timestamp())::float8 from claim($1, $2, $3, $4)
      """, [epoch, session, queue, limit])
    var claims: [(lane: Int32, seq: Int64, ids: [Int64])] = []
    for row in rows {
      let lane = try row[0].decode(Int32.self)
      let seq = try row[1].decode(Int64.self)
      let id = try row[2].decode(Int64.self)
      if open.last?.lane != lane || open.last?.seq != seq {
        open.append(Open(lane: lane, seq: seq, ids: []))
      }
      open[open.count - 1].ids.append(id)
      if claims.last?.lane != lane || claims.last?.seq != seq { claims.append((lane, seq, [])) }
      claims[claims.count - 1].ids.append(id)
    }
    for claim in claims {
      history.record(
        .claimed(
          epoch: epoch, lane: claim.lane, seq: claim.seq, ids: claim.ids, begun: begun))
    }
    if let first = rows.first, let last = rows.last {
      history.record(
        .started(
          queue: queue, count: rows.count, after: try first[3].decode(Double.self),
          before: try last[4].decode(Double.self)))
    }
    return !rows.isEmpty
  }

  mutating func settleAll() async throws {
    for claim in open { try await send(claim, claim.ids, isFinal: true, failed: []) }
    open = []
  }

  mutating func retire() async throws {
    history.record(.ending(epoch: epoch))
    try await connection.query("select retire_worker($1, $2)", [epoch, session])
  }

  /// Acts as after a lost connection: what the server regards as open must be what is open here.
  private mutating func confirm() async throws {
    session = try await connection.query("select confirm_worker($1)", [epoch])[0, 0]
      .decode(Int32.self)
    let rows = try await connection.query("select id from open_jobs($1, $2)", [epoch, session])
    let known = try Set(rows.map { try $0[0].decode(Int64.self) })
    guard known == Set(open.flatMap(\.ids)) else {
      throw StressError(
        description: "expected \(open.flatMap(\.ids).count) open jobs, got: \(known.count)")
    }
  }

  private mutating func settle(_ index: Int, _ random: inout SeededGenerator) async throws {
    let claim = open[index]
    let isPart = claim.ids.count > 1 && Int.random(in: 0..<3, using: &random) == 0
    let ids = isPart ? Array(claim.ids.prefix(claim.ids.count / 2)) : claim.ids
    let failed = ids.filter { _ in Int.random(in: 0..<20, using: &random) == 0 }
    try await send(claim, ids, isFinal: !isPart, failed: failed)
    if isPart {
      open[index].ids.removeFirst(ids.count)
      open[index].isPartlySettled = true
    } else {
      open.remove(at: index)
    }
  }

  /// Settles one job in the transaction that writes its effect, as `JobContext.transaction` does, but
  /// with a pause before the commit.
  private mutating func apply(_ index: Int, _ random: inout SeededGenerator) async throws {
    let claim = open[index]
    let id = claim.ids[0]
    try await connection.execute(script: "begin")
    let begun: Int
    do {
      try await connection.query("insert into \(Stress.effects) (job) values ($1)", [id])
      begun = history.now
      try await connection.query(
        "select settle($1, $2, $3, $4, $5, false)",
        [epoch, session, claim.lane, claim.seq, [id]])
    } catch {
      try await connection.execute(script: "rollback")
      throw error
    }
    try await Task.sleep(for: .milliseconds(Int.random(in: 0...10, using: &random)))
    if Int.random(in: 0..<5, using: &random) == 0 {
      return try await connection.execute(script: "rollback")
    }
    try await connection.execute(script: "commit")
    history.record(.settled(epoch: epoch, begun: begun, ids: [id]))
    history.record(.applied(ids: [id]))
    open[index].ids.removeFirst()
    open[index].isPartlySettled = true
    if open[index].ids.isEmpty {
      try await send(open[index], [], isFinal: true, failed: [])
      open.remove(at: index)
    }
  }

  private func send(
    _ claim: Open, _ ids: [Int64], isFinal: Bool, failed: [Int64]
  ) async throws {
    let outcomes = ["retry", "snooze", "hand_back", "park", "dead"]
    let list = failed.map {
      #"{"id": \#($0), "outcome": "\#(outcomes[Int($0 % 5)])", "delay_ms": \#($0 % 40), "error": "e"}"#
    }
    let json: JSONText? = list.isEmpty ? nil : JSONText("[" + list.joined(separator: ",") + "]")
    let begun = history.now
    let isWhole = isFinal && !claim.isPartlySettled
    do {
      try await send(claim, isWhole ? nil : ids, isFinal, json)
    } catch let error as DatabaseError where error.sqlState == "OG002" && isWhole {
      // The server has closed a part of the claim by itself, cancelled jobs: name the others.
      try await send(claim, ids, isFinal, json)
    }
    history.record(
      .settled(epoch: epoch, begun: begun, ids: ids.filter { !failed.contains($0) }))
    if !failed.isEmpty { history.record(.released(begun: begun, ids: failed)) }
  }
}

extension StressWorker {
  private struct Aborted: Error {}

  private func send(
    _ claim: Open, _ ids: [Int64]?, _ isFinal: Bool, _ outcomes: JSONText?
  ) async throws {
    let settle = "select settle($1, $2, $3, $4, $5, $6, $7)"
    let parameters: [any SQLParameter] = [
      epoch, session, claim.lane, claim.seq, ids, isFinal, outcomes,
    ]
    if claim.seq % 13 == 0 { try await abort(settle, parameters) }
    try await connection.query(settle, parameters)
  }

  /// Settles, works off what that ends, and has it rolled back.
  private func abort(_ settle: String, _ parameters: [any SQLParameter]) async throws {
    do {
      try await connection.transaction { connection in
        try await connection.query(settle, parameters)
        try await connection.execute(script: "set constraints all immediate")
        throw Aborted()
      }
    } catch is Aborted {}
  }
}

struct StressError: Error, CustomStringConvertible {
  let description: String
}
