import FoundationEssentials
import Glibc
import JobQueueTesting
import LibpqClient
import QueueSchema

/// Does the faults of a plan.
struct Injector: Sendable {
  let servers: ServerPair
  let fleet: Fleet
  let equipment: Equipment
  /// In front of the workers behind a proxy.
  let proxy: Proxy
  /// In front of the worker in the namespace, where there is one.
  let namespaceProxy: Proxy?
  let log: FaultLog

  /// Returns when the last one is over. Faults of one lane follow each other.
  func inject(_ plan: FaultPlan) async {
    let start = ContinuousClock.now
    let lanes = Dictionary(grouping: plan.faults.filter { $0.kind.lane != .free }, by: \.kind.lane)
    await withTaskGroup(of: Void.self) { group in
      for lane in lanes.values { group.addTask { await self.inject(lane, from: start) } }
      for fault in plan.faults where fault.kind.lane == .free {
        group.addTask { await self.inject([fault], from: start) }
      }
    }
  }

  private func inject(_ faults: [PlannedFault], from start: ContinuousClock.Instant) async {
    for fault in faults {
      try? await Task.sleep(until: start + .seconds(fault.at), clock: .continuous)
      if Task.isCancelled { return }
      await log.note(fault.kind) { try await inject(fault) }
    }
  }

  private func inject(_ fault: PlannedFault) async throws {
    var random = SeededGenerator(fault.seed)
    switch fault.kind {
    case .killWorker:
      if await fleet.killWorker(&random) == nil { throw ChaosError("no worker runs just now") }
    case .killGroup:
      if await !fleet.killGroup() { throw ChaosError("the group does not run just now") }
    case .freezeWorker: try await freeze(fault, &random)
    case .terminateBackends: try await terminate(fault, &random)
    case .rescueLiving: try await rescueLiving(fault)
    case .rotate: try await rotate(fault)
    case .migrate: try await migrate()
    case .holdSnapshot: try await holdSnapshot(fault)
    case .restartServer, .killBackend, .failOver, .fillDisk, .jumpServerClock:
      try await hurtServer(fault, &random)
    case .stallProxy, .cutProxy, .halfCloseProxy: try await hurtProxy(fault, &random)
    case .partNetwork:
      try await equipment.namespace?.connect(false)
      try await Task.sleep(for: .seconds(fault.span))
      try await equipment.namespace?.connect(true)
    case .jumpWorkerClock:
      // Never behind the machine's: libfaketime shifts Dispatch's timers by as much as the clock is off,
      // although they go by the monotonic clock, and so a worker that is behind by an hour would sleep
      // for an hour too long. One that is ahead is only woken too often.
      let hours = [1, 30].randomElement(using: &random)!
      try equipment.workerClock?.jump(hours * 3600)
      try await Task.sleep(for: .seconds(fault.span))
      try equipment.workerClock?.jump(0)
    }
  }

  // MARK: Processes

  private func freeze(_ fault: PlannedFault, _ random: inout SeededGenerator) async throws {
    guard let process = await fleet.anyWorker(&random) else {
      throw ChaosError("no worker runs just now")
    }
    kill(process, SIGSTOP)
    defer { kill(process, SIGCONT) }
    guard fault.span < 14 else { return try await Task.sleep(for: .seconds(fault.span)) }
    // An operator who does not wait the 15 s out.
    try await Task.sleep(for: .seconds(fault.span * 0.7))
    try? await withConnection { try await $0.query("select ong.rescue_lost('5 s', '2 s')") }
    try await Task.sleep(for: .seconds(fault.span * 0.3))
  }

  // MARK: Proxies

  private func hurtProxy(_ fault: PlannedFault, _ random: inout SeededGenerator) async throws {
    switch fault.kind {
    case .stallProxy:
      proxy.stall(true)
      try await Task.sleep(for: .seconds(fault.span))
      proxy.stall(false)
    case .halfCloseProxy:
      proxy.give(Bool.random(using: &random) ? .closeTowardServer : .closeTowardClient)
      try await Task.sleep(for: .seconds(fault.span))
      proxy.give(.cut)
    default: proxy.give(.cut)
    }
  }

  // MARK: What clients of the server can do

  func withConnection(_ body: (Connection) async throws -> Void) async throws {
    let connection = try await connect()
    do {
      try await body(connection)
    } catch {
      await connection.close()
      throw error
    }
    await connection.close()
  }

  /// The server may be down just now, and is back soon.
  private func connect() async throws -> Connection {
    let end = ContinuousClock.now + .seconds(20)
    while true {
      do {
        return try await servers.connect()
      } catch {
        if ContinuousClock.now > end { throw error }
        try await Task.sleep(for: .milliseconds(100))
      }
    }
  }

  private func terminate(_ fault: PlannedFault, _ random: inout SeededGenerator) async throws {
    for _ in 0..<max(1, Int(fault.span * 2)) {
      let draw = Int64.random(in: 0...Int64.max, using: &random)
      try? await withConnection { connection in
        try await connection.query(
          """
          select pg_terminate_backend(pid) from pg_stat_activity
          where datname = current_database() and backend_type = 'client backend'
            and application_name <> 'chaos tool'
          order by md5(pid::text || $1::text) limit 1
          """, [draw])
      }
      try await Task.sleep(for: .milliseconds(500))
    }
  }

  private func rescueLiving(_ fault: PlannedFault) async throws {
    try await withConnection { connection in
      try await connection.query(
        """
        select ong.rescue(epoch) from (
          select epoch from ong.worker where ended_at is null
          order by md5(epoch::text || $1::text) limit 1) w
        """, [Int64(bitPattern: fault.seed)])
    }
  }

  private func rotate(_ fault: PlannedFault) async throws {
    for _ in 0..<max(1, Int(fault.span * 5)) {
      try? await withConnection { try await $0.query("select ong.rotate()") }
      try await Task.sleep(for: .milliseconds(200))
    }
  }

  private func holdSnapshot(_ fault: PlannedFault) async throws {
    struct CutShort: Error {}
    try await withConnection { connection in
      try? await connection.transaction(isolation: .repeatableRead) { connection in
        try await connection.query("select count(*) from pg_class")
        // A crash of the server ends it sooner.
        for _ in 0..<Int(fault.span * 10) where connection.isOpen {
          try await Task.sleep(for: .milliseconds(100))
        }
        if !connection.isOpen { throw CutShort() }
      }
    }
  }

  /// Two installers at once, who find that the functions are another version's.
  private func migrate() async throws {
    await fleet.beginMigration()
    try await withConnection { connection in
      try await connection.query(
        "update ong.schema_migration set digest = 'older' where set = 'queue' and version = 0")
    }
    async let other: Void = migrateOnce()
    try? await migrateOnce()
    try? await other
    // Whatever has cut both short: until one gets through, workers are right to refuse the schema.
    while true {
      do {
        try await migrateOnce()
        break
      } catch {
        try await Task.sleep(for: .milliseconds(200))
      }
    }
    // A worker may have looked just before, and be about to end.
    try await Task.sleep(for: .seconds(1))
    await fleet.endMigration()
  }

  private func migrateOnce() async throws {
    try await withConnection { try await Migrator($0).up(timeout: .seconds(60)) }
  }
}
