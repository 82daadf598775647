import JobQueue
import LibpqClient
import Logging
import Synchronization

/// Keeps the queue in order, on a connection of its own, while this worker leads: rescue of lost
/// workers, promotion of due jobs, rotation, pruning. One worker leads at a time. Up to three of each
/// machine stand by as its deputies: they rescue workers of the machine whose processes have ended, so
/// that their jobs do not wait for a leader that is frozen, cut off or elsewhere.
actor Maintainer {
  nonisolated let executor = QueueExecutor(label: "ong.maintenance")
  nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

  /// How often a worker that does not lead tries to.
  private static let candidacy = Duration.seconds(2)

  /// What a worker is to the maintenance.
  private enum Duty: String { case leader, deputy, none }

  /// A leader and a deputy ask something every 1.5 seconds, a candidate every two.
  private static let longestSilence = Duration.seconds(4)
  /// Most jobs, or waits, of one step.
  private static let promotion = 1000
  private static let waits = 1000
  private static let stepTimeout = Duration.seconds(30)

  private let database: ConnectionConfiguration
  private let sql: QueueSQL
  private let logger: Logger
  private var isStopped = false
  private var connection: Connection?
  private var schedule = MaintenanceSchedule(at: .now)
  private var pause: (id: Int, waiter: CheckedContinuation<Void, Never>)?
  private var pauses = 0

  init(database: ConnectionConfiguration, schema: String, logger: Logger) {
    self.database = database
    self.sql = QueueSQL(schema: schema)
    self.logger = logger
  }

  /// Leads whenever it may, until `stop()`.
  func run() async {
    var backoff = Backoff(cap: .seconds(3))
    var outage = OutageLog()
    while !isStopped {
      do {
        var configuration = database
        configuration.applicationName = "ong worker maintain"
        let connection = try await Connection.open(configuration, logger: logger)
        self.connection = connection
        try await limitSilence(on: connection)
        backoff.reset()
        outage.end()
        try await serve(connection)
      } catch {
        if !isStopped {
          logger.log(
            level: outage.level(at: .now), "maintenance interrupted",
            metadata: ["error": "\(error)"])
        }
      }
      await connection?.close()
      connection = nil
      if !isStopped { await rest(for: backoff.next()) }
    }
  }

  func stop() async {
    isStopped = true
    endPause()
    await connection?.close()
  }

  /// Something becomes due sooner than the last look showed.
  func hear(_ news: MaintenanceNews) {
    switch news {
    case .jobDue(let delay): schedule.expect(.promoteDue, dueAt: .now + delay)
    case .scheduleChanged: schedule.expect(.fireSchedules, dueAt: .now)
    }
    endPause()
  }

  /// A process that is frozen, or cut off without a word, keeps its connection and with it the leader's
  /// lock: the server itself must end a session that asks nothing any more.
  private func limitSilence(on connection: Connection) async throws {
    try await connection.query(
      "select set_config('idle_session_timeout', $1, false)",
      [String(Self.longestSilence.components.seconds) + "s"])
  }

  private func serve(_ connection: Connection) async throws {
    var duty = Duty.none
    while !isStopped {
      if duty != .leader {
        duty = try await stand(on: connection)
        if duty == .leader {
          logger.info("leads the maintenance")
          schedule = MaintenanceSchedule(at: .now)
        }
      }
      guard duty == .leader else {
        await rest(for: duty == .deputy ? MaintenanceSchedule.lookInterval : Self.candidacy)
        continue
      }
      for step in MaintenanceSchedule.Step.allCases where schedule.isDue(step, at: .now) {
        try await perform(step, on: connection)
      }
      await rest(for: schedule.next - .now)
    }
  }

  /// Stands for leader. As a deputy, rescues whose process has ended.
  private func stand(on connection: Connection) async throws -> Duty {
    let answer = try await connection.query(
      "select duty, processes from \(sql("try_lead"))($1)", [LocalProcess.space],
      timeout: Self.stepTimeout)[0]
    try await rescueEnded(of: try answer[1].decode([Int32]?.self) ?? [], on: connection)
    return Duty(rawValue: try answer[0].decode()) ?? .none
  }

  private func perform(_ step: MaintenanceSchedule.Step, on connection: Connection) async throws {
    switch step {
    case .look: try await look(on: connection)
    case .rescueLost: try await rescue(on: connection)
    case .promoteDue: return try await promote(on: connection)
    case .fireSchedules: return try await fire(on: connection)
    case .settleWaits: return try await settleWaits(on: connection)
    case .rotate: _ = try await call("rotate_if_due", on: connection)
    case .summarize: _ = try await call("summarize_log", on: connection)
    case .unpark: _ = try await call("unpark_known", on: connection)
    case .prune: _ = try await call("prune", on: connection)
    }
    schedule.did(step, at: .now)
  }

  private func look(on connection: Connection) async throws {
    let row = try await connection.query(
      """
      select lost, next_due, next_tick, next_wait, rotation, summary, parked, processes \
      from \(sql("maintenance_due"))($1::float8 * interval '1 second', $2)
      """, [schedule.staleness(at: .now).inSeconds, LocalProcess.space],
      timeout: Self.stepTimeout)[0]
    try await rescueEnded(of: try row[7].decode(), on: connection)
    func wait(_ column: Int) throws -> Duration? {
      try row[column].decode(Double?.self).map { .seconds($0) }
    }
    schedule.saw(
      MaintenanceSchedule.Findings(
        isWorkerLost: try row[0].decode(), nextDue: try wait(1), nextTick: try wait(2),
        nextWait: try wait(3), isRotationDue: try row[4].decode(),
        isSummaryDue: try row[5].decode(), areKindsParked: try row[6].decode()), at: .now)
  }

  private func rescue(on connection: Connection) async throws {
    let rows = try await connection.query(
      "select \(sql("rescue_lost"))(p_stale => $1::float8 * interval '1 second')",
      [schedule.staleness(at: .now).inSeconds], timeout: Self.stepTimeout)
    note(rescued: try rows[0, 0].decode())
  }

  private func note(rescued count: Int32) {
    if count > 0 { logger.notice("jobs rescued", metadata: ["jobs": "\(count)"]) }
  }

  /// Rescues the jobs of those of these workers whose processes have ended: whatever their connections
  /// look like, there is nothing to wait for.
  private func rescueEnded(of processes: [Int32], on connection: Connection) async throws {
    let ended = processes.filter { !LocalProcess.exists($0) }
    if ended.isEmpty { return }
    let rescued = try await connection.query(
      "select \(sql("rescue_ended"))($1, $2)", [LocalProcess.space, ended],
      timeout: Self.stepTimeout)
    note(rescued: try rescued[0, 0].decode())
  }

  private func promote(on connection: Connection) async throws {
    schedule.begin(.promoteDue)
    let rows = try await connection.query(
      """
      select promoted, extract(epoch from next_due - clock_timestamp())::float8 \
      from \(sql("promote_due"))($1)
      """, [Int32(Self.promotion)], timeout: Self.stepTimeout)
    let wait = try rows[0, 1].decode(Double?.self)
    schedule.promoted(
      Int(try rows[0, 0].decode(Int32.self)), of: Self.promotion,
      nextIn: wait.map { .seconds($0) }, at: .now)
  }

  private func fire(on connection: Connection) async throws {
    schedule.begin(.fireSchedules)
    let rows = try await connection.query(
      """
      select fired, extract(epoch from next_due - clock_timestamp())::float8 \
      from \(sql("fire_due_schedules"))()
      """, timeout: Self.stepTimeout)
    let wait = try rows[0, 1].decode(Double?.self)
    schedule.fired(
      Int(try rows[0, 0].decode(Int32.self)), nextIn: wait.map { .seconds($0) }, at: .now)
  }

  private func settleWaits(on connection: Connection) async throws {
    let ended = try await connection.query(
      "select \(sql("settle_waits"))($1)", [Int32(Self.waits)], timeout: Self.stepTimeout)
    schedule.did(.settleWaits, at: .now)
    if try ended[0, 0].decode(Int.self) >= Self.waits {
      schedule.expect(.settleWaits, dueAt: .now)
    }
  }

  private func call(_ function: StaticString, on connection: Connection) async throws
    -> QueryResult
  {
    try await connection.query("select \(sql(function))()", timeout: Self.stepTimeout)
  }

  /// Suspends for a while, or until there is something new.
  private func rest(for wait: Duration) async {
    guard wait > .zero, !isStopped else { return }
    pauses += 1
    let id = pauses
    let alarm = Task {
      try? await Task.sleep(for: wait)
      self.endPause(id)
    }
    await withCheckedContinuation { pause = (id, $0) }
    alarm.cancel()
  }

  private func endPause(_ id: Int? = nil) {
    guard let pause, id == nil || id == pause.id else { return }
    self.pause = nil
    pause.waiter.resume()
  }
}
