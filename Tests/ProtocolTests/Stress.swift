import Foundation
import JobQueue
import JobQueueTesting
import LibpqClient
import Synchronization

/// Random producers, workers, a janitor and a rotator on one queue's SQL functions.
///
/// Producers commit and abort at random, with savepoints and late commits; workers settle in parts,
/// retire, or vanish; the janitor rescues the vanished and sometimes the living; the rotator rotates
/// all the time. Everything confirmed goes into `history`.
final class Stress: Sendable {
  static let queues = ["mail", "reports", "scores", "limited", "keyed"]
  static let limits = [
    "limited": QueueLimits(maxRunning: 23, rate: .init(1000, burst: 60)),
    "keyed": QueueLimits(maxRunning: 40, keyOrder: .fifo),
  ]
  static let keys = ["a", "b", "c", "d", "e"]
  /// Where jobs that are settled in their own transaction leave their traces.
  static let effects = "stress_effect"

  let configuration: ConnectionConfiguration
  let history = History()
  let seed: UInt64
  private let vanished = Mutex<[(epoch: UUID, session: Int32)]>([])
  private let producing = Atomic(true)
  private let working = Atomic(true)

  var isWorking: Bool { working.load(ordering: .acquiring) }

  init(_ configuration: ConnectionConfiguration, seed: UInt64) {
    self.configuration = configuration
    self.seed = seed
  }

  /// Lets everybody run for a while, then works off what is left.
  func run(for time: Duration, producers: Int = 3, workers: Int = 4) async throws {
    let connection = try await Connection.open(configuration)
    for queue in Self.queues { try await connection.query("select create_queue($1)", [queue]) }
    // Workers crash all the time here: the only kind would soon wait in quarantine for ever.
    try await connection.query("update setting set quarantine_after = 0")
    for (queue, limits) in Self.limits {
      let json = JSONText(String(decoding: try JSONEncoder().encode(limits), as: UTF8.self))
      try await connection.query("select set_limits($1, $2)", [queue, json])
    }
    try await connection.query("create table if not exists \(Self.effects) (job bigint)")
    try await putSchedules(connection)
    try await withThrowingTaskGroup(of: Void.self) { group in
      for number in 0..<producers {
        group.addTask { try await self.produce(SeededGenerator(self.seed &+ UInt64(number))) }
      }
      for number in 0..<workers {
        group.addTask { try await self.work(SeededGenerator(self.seed &+ 100 &+ UInt64(number))) }
      }
      group.addTask { try await self.tidy(SeededGenerator(self.seed &+ 200)) }
      group.addTask { try await self.rotate() }
      group.addTask { try await self.renew(SeededGenerator(self.seed &+ 400)) }
      for number in 0..<3 {
        group.addTask { try await self.fire(SeededGenerator(self.seed &+ 300 &+ UInt64(number))) }
      }
      try await Task.sleep(for: time)
      producing.store(false, ordering: .releasing)
      working.store(false, ordering: .releasing)
      try await group.waitForAll()
    }
    try await workOff(connection)
    try await recordSteps(connection)
    await connection.close()
  }

  // MARK: Producers

  private func produce(_ generator: SeededGenerator) async throws {
    var random = generator
    let connection = try await Connection.open(configuration)
    while producing.load(ordering: .acquiring) {
      if Int.random(in: 0..<4, using: &random) == 0 {
        try await enqueueKeyed(connection, &random)
        continue
      }
      var kept: [Int64] = []
      var tookKeys: [History.Event] = []
      // A second key in another order would be a deadlock of our own making.
      var mayTakeKey = true
      try await connection.execute(script: "begin")
      for _ in 0..<Int.random(in: 1...3, using: &random) {
        let savepoint = Int.random(in: 0..<5, using: &random) == 0
        if savepoint { try await connection.execute(script: "savepoint s") }
        let isUnique = mayTakeKey && Int.random(in: 0..<4, using: &random) == 0
        if isUnique { mayTakeKey = false }
        let (ids, taking) =
          isUnique
          ? try await enqueueUnique(connection, &random)
          : (try await enqueue(connection, &random), [])
        if savepoint && Bool.random(using: &random) {
          try await connection.execute(script: "rollback to s")
        } else {
          kept += ids
          tookKeys += taking
        }
        // A late commit: others claim and rotate while this transaction stays open.
        if Int.random(in: 0..<10, using: &random) == 0 {
          try await Task.sleep(for: .milliseconds(Int.random(in: 1...60, using: &random)))
        }
      }
      if Int.random(in: 0..<7, using: &random) == 0 {
        try await connection.execute(script: "rollback")
      } else {
        try await connection.execute(script: "commit")
        history.record(.enqueued(ids: kept))
        for event in tookKeys { history.record(event) }
      }
    }
    await connection.close()
  }

  /// Some jobs of one key, and sometimes a commit that comes late.
  private func enqueueKeyed(
    _ connection: Connection, _ random: inout SeededGenerator
  ) async throws {
    let key = Self.keys.randomElement(using: &random)!
    let begun = history.now
    try await connection.execute(script: "begin")
    let ids = try await connection.query(
      "select * from enqueue_many('keyed', 'k', array['1', '2']::jsonb[], p_keys => array[$1, $1])",
      [key]
    ).map { try $0[0].decode(Int64.self) }
    if Int.random(in: 0..<10, using: &random) == 0 {
      try await Task.sleep(for: .milliseconds(Int.random(in: 1...40, using: &random)))
    }
    try await connection.execute(script: "commit")
    history.record(.enqueued(ids: ids))
    history.record(.keyed(queue: "keyed", key: key, begun: begun, ids: ids))
  }

  private func enqueue(
    _ connection: Connection, _ random: inout SeededGenerator
  ) async throws -> [Int64] {
    let queue = Self.queues.filter { $0 != "keyed" }.randomElement(using: &random)!
    let band = Int16.random(in: 0...3, using: &random)
    let delay = Double([0, 0.02].randomElement(using: &random)!)
    switch Int.random(in: 0..<10, using: &random) {
    case 2:
      try await startWorkflow(connection, &random)
      return []
    case 0, 1:
      return try await connection.query(
        "select enqueue($1, 'k', '{}', $2, clock_timestamp() + make_interval(secs => $3))",
        [queue, band, delay]
      ).map { try $0[0].decode(Int64.self) }
    default:
      let count = Int32([1, 1, 3, 10, 40].randomElement(using: &random)!)
      return try await connection.query(
        "select enqueue_many($1, 'k', array_fill('{}'::jsonb, array[$2::int]), $3)",
        [queue, count, band]
      ).map { try $0[0].decode(Int64.self) }
    }
  }

  /// One job, or three in one call, under keys that others want too.
  private func enqueueUnique(
    _ connection: Connection, _ random: inout SeededGenerator
  ) async throws -> (ids: [Int64], taking: [History.Event]) {
    let queue = Self.queues.randomElement(using: &random)!
    let scope = [History.KeyScope.waiting, .settled, .window(0.04)]
      .randomElement(using: &random)!
    let keys = (0..<4).map { "\(queue) \(scope.word) \($0)" }.shuffled(using: &random)
    let delay = Double([0, 0, 0.02].randomElement(using: &random)!)
    let count = [1, 1, 3].randomElement(using: &random)!
    let rule = ["keep", "keep", "replace"].randomElement(using: &random)!
    let rows = try await connection.query(
      """
      select id, extract(epoch from statement_timestamp())::float8,
        extract(epoch from clock_timestamp())::float8
      from enqueue_many($1, 'k', array_fill('{}'::jsonb, array[cardinality($2::text[])]),
        p_run_at => clock_timestamp() + make_interval(secs => $3), p_unique_keys => $2,
        p_on_conflict => $4, p_unique_scope => $5, p_unique_for => make_interval(secs => $6)) id
      """, [queue, Array(keys.prefix(count)), delay, rule, scope.word, scope.seconds])
    let ids = try rows.map { try $0[0].decode(Int64.self) }
    let call = History.Call(
      began: try rows[0][1].decode(Double.self), ended: try rows[0][2].decode(Double.self))
    return (ids, zip(ids, keys).map { .tookKey(id: $0, key: $1, scope: scope, call: call) })
  }

  // MARK: Workers

  private func work(_ generator: SeededGenerator) async throws {
    var random = generator
    let connection = try await Connection.open(configuration)
    while working.load(ordering: .acquiring) {
      var worker = try await StressWorker(connection, history: history, queues: Self.queues)
      do {
        for _ in 0..<Int.random(in: 5...120, using: &random)
        where working.load(ordering: .acquiring) {
          try await worker.step(&random)
        }
        if Int.random(in: 0..<4, using: &random) > 0 {
          try await worker.retire()
          continue
        }
      } catch let error as DatabaseError where error.sqlState == "OG001" {
        // Rescued alive. What it still holds is somebody else's.
      } catch let error as DatabaseError where error.sqlState == "OG002" {
        history.record(.refused(epoch: worker.epoch, why: error.message))
      } catch let error as StressError {
        history.record(.refused(epoch: worker.epoch, why: error.description))
      }
      let life = (worker.epoch, worker.session)
      vanished.withLock { $0.append(life) }
    }
    await connection.close()
  }

  // MARK: Janitor and rotator

  private func tidy(_ generator: SeededGenerator) async throws {
    var random = generator
    let connection = try await Connection.open(configuration)
    while working.load(ordering: .acquiring) {
      let lives = vanished.withLock { list in
        defer { list = [] }
        return list
      }
      for life in lives { try await rescue(life.epoch, connection) }
      if Int.random(in: 0..<20, using: &random) == 0,
        let epoch = try await connection.query(
          "select epoch from worker where ended_at is null order by random() limit 1"
        ).first?[0].decode(UUID.self)
      {
        try await rescue(epoch, connection)
      }
      try await promote(connection)
      try await operateWorkflows(connection, &random)
      try await Task.sleep(for: .milliseconds(15))
    }
    await connection.close()
  }

  private func rescue(_ epoch: UUID, _ connection: Connection) async throws {
    history.record(.ending(epoch: epoch))
    try await connection.query("select rescue($1)", [epoch])
    history.record(.rescued(epoch: epoch))
  }

  private func promote(_ connection: Connection) async throws {
    try await connection.query("select promote_due(1000)")
    try await connection.query("select unpark_known()")
    try await connection.query("select retry_dead()")
  }

  private func rotate() async throws {
    let connection = try await Connection.open(configuration)
    while working.load(ordering: .acquiring) {
      try await connection.query("select rotate()")
      try await Task.sleep(for: .milliseconds(5))
    }
    await connection.close()
  }

  // MARK: The end

  /// One last worker takes everything that is left.
  private func workOff(_ connection: Connection) async throws {
    for row in try await connection.query("select epoch from worker where ended_at is null") {
      try await rescue(try row[0].decode(UUID.self), connection)
    }
    var worker = try await StressWorker(connection, history: history, queues: Self.queues)
    var lastClaim = ContinuousClock.now
    while try await isAnythingLeft(connection) {
      try await promote(connection)
      try await connection.query("select settle_waits()")
      for queue in Self.queues {
        while try await worker.claim(queue, limit: 1000) {
          try await worker.settleAll()
          lastClaim = .now
        }
      }
      guard ContinuousClock.now - lastClaim < .seconds(3) else {
        history.record(.refused(epoch: worker.epoch, why: "jobs are left that nobody can claim"))
        return
      }
    }
    try await worker.retire()
  }

  private func isAnythingLeft(_ connection: Connection) async throws -> Bool {
    try await connection.query(
      """
      select exists (select from deferred) or exists (select from parked) or exists (select from dead)
        or exists (select from step where type = 'wait' and state = 'released')
        or exists (select from queue q, generate_series(0, 3) b where lane_waiting(q.id * 4 + b, 1) > 0)
      """)[0, 0].decode(Bool.self)
  }
}

extension History.KeyScope {
  /// As the SQL functions call it.
  fileprivate var word: String {
    switch self {
    case .waiting: "waiting"
    case .settled: "settled"
    case .window: "window"
    }
  }

  fileprivate var seconds: Double? {
    if case .window(let seconds) = self { seconds } else { nil }
  }
}
