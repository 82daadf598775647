import Foundation
import JobQueue
import LibpqClient
import Logging
import Synchronization

/// Keeps the queue in order, on a connection of its own, while this worker leads: rescue of lost
/// workers, promotion of due jobs, rotation, pruning. One worker leads at a time, and another stands by
/// as its deputy: it rescues workers of its host whose processes have ended, so that their jobs do not
/// wait for a leader that is frozen or cut off.
actor Maintainer {
  nonisolated let executor = QueueExecutor(label: "ong.maintenance")
  nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

  /// How often a worker that does not lead tries to.
  private static let candidacy = Duration.seconds(2)

  /// What a worker is to the maintenance.
  private enum Duty: String { case leader, deputy, none }

  /// A leader asks something every 1.5 seconds, a candidate every two.
  private static let longestSilence = Duration.seconds(6)
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

  /// Stands for leader. As the deputy, rescues who has vanished from this host.
  private func stand(on connection: Connection) async throws -> Duty {
    let answer = try await connection.query(
      "select duty, vanished, pid from \(sql("try_lead"))($1)", [ProcessInfo.processInfo.hostName],
      timeout: Self.stepTimeout)
    var rescued: Int32 = 0
    for row in answer {
      guard let epoch = try row[1].decode(UUID?.self) else { continue }
      rescued += try await rescue(epoch, ifEnded: try row[2].decode(), on: connection)
    }
    note(rescued: rescued)
    return Duty(rawValue: try answer[0, 0].decode()) ?? .none
  }

  private func perform(_ step: MaintenanceSchedule.Step, on connection: Connection) async throws {
    switch step {
    case .look: try await look(on: connection)
    case .rescueLost: try await rescue(on: connection)
    case .promoteDue: return try await promote(on: connection)
    case .fireSchedules: return try await fire(on: connection)
    case .settleWaits: return try await settleWaits(on: connection)
    case .rotate: _ = try await call("rotate_if_due", on: connection)
    case .unpark: _ = try await call("unpark_known", on: connection)
    case .prune: _ = try await call("prune", on: connection)
    }
    schedule.did(step, at: .now)
  }

  private func look(on connection: Connection) async throws {
    let row = try await connection.query(
      """
      select lost, next_due, next_tick, next_wait, rotation, parked \
      from \(sql("maintenance_due"))($1::float8 * interval '1 second')
      """, [schedule.staleness(at: .now).inSeconds], timeout: Self.stepTimeout)[0]
    func wait(_ column: Int) throws -> Duration? {
      try row[column].decode(Double?.self).map { .seconds($0) }
    }
    schedule.saw(
      MaintenanceSchedule.Findings(
        isWorkerLost: try row[0].decode(), nextDue: try wait(1), nextTick: try wait(2),
        nextWait: try wait(3), isRotationDue: try row[4].decode(),
        areKindsParked: try row[5].decode()), at: .now)
  }

  private func rescue(on connection: Connection) async throws {
    var count = try await rescueVanished(on: connection)
    let rows = try await connection.query(
      "select \(sql("rescue_lost"))(p_stale => $1::float8 * interval '1 second')",
      [schedule.staleness(at: .now).inSeconds], timeout: Self.stepTimeout)
    count += try rows[0, 0].decode(Int32.self)
    note(rescued: count)
  }

  private func note(rescued count: Int32) {
    if count > 0 { logger.notice("jobs rescued", metadata: ["jobs": "\(count)"]) }
  }

  /// Workers of this host whose connection is gone and whose process the system no longer knows:
  /// there is nothing to wait for.
  private func rescueVanished(on connection: Connection) async throws -> Int32 {
    let missing = try await connection.query(
      "select epoch, pid from \(sql("missing_workers"))() where host = $1",
      [ProcessInfo.processInfo.hostName], timeout: Self.stepTimeout)
    var count: Int32 = 0
    for worker in missing {
      count += try await rescue(
        try worker[0].decode(), ifEnded: try worker[1].decode(), on: connection)
    }
    return count
  }

  /// Rescues the jobs of a worker of this host whose process has ended; how many.
  private func rescue(
    _ epoch: UUID, ifEnded process: Int32, on connection: Connection
  ) async throws -> Int32 {
    if LocalProcess.exists(process) { return 0 }
    let rescued = try await connection.query(
      "select \(sql("rescue"))($1)", [epoch], timeout: Self.stepTimeout)
    return try rescued[0, 0].decode()
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
