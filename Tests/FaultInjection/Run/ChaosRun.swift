import FoundationEssentials
import Glibc
import JobQueue
package import LibpqClient
import QueueSchema

/// One run from the empty folder to the report.
package struct ChaosRun: Sendable {
  private let options: ChaosOptions
  private let say: @Sendable (String) -> Void
  private let program: String
  private let prepare: @Sendable (Connection) async throws -> Void

  /// - Parameters:
  ///   - program: the file of the program `chaos`, which workers and producers run. Default: the one that
  ///     runs now, also when a new version was put in its place meanwhile.
  ///   - prepare: changes the installed queue before the run, for tests that break it.
  ///   - say: hears what goes on, line by line.
  package init(
    _ options: ChaosOptions, program: String = "/proc/\(getpid())/exe",
    prepare: @escaping @Sendable (Connection) async throws -> Void = { _ in },
    say: @escaping @Sendable (String) -> Void
  ) {
    self.options = options
    self.program = program
    self.prepare = prepare
    self.say = say
  }

  package func run() async throws -> ChaosReport {
    say("seed \(options.seed)")
    return try await RunScaffold.with(
      Set(options.kinds), keepsFolder: options.keepsFolder, say: say
    ) { scaffold in
      try await run(on: scaffold.servers, with: scaffold.equipment, scaffold.interruption)
    }
  }

  private func run(
    on servers: ServerPair, with equipment: Equipment, _ interruption: Interruption
  ) async throws -> ChaosReport {
    let kinds = options.kinds.filter { equipment.skipped[$0] == nil }
    try await install(on: servers, standby: kinds.contains(.failOver))
    let socket = await servers.currentSocket
    let proxy = try Proxy(upstream: socket)
    let namespaceProxy = try equipment.namespace.map { try Proxy(host: $0.host, upstream: socket) }
    defer {
      proxy.stop()
      namespaceProxy?.stop()
    }
    let fleet = Fleet(
      members(servers, proxy, namespaceProxy, equipment), journals: equipment.journals,
      errorLog: equipment.errorLog, seed: options.seed)
    let injector = Injector(
      servers: servers, fleet: fleet, equipment: equipment, proxy: proxy,
      namespaceProxy: namespaceProxy, log: FaultLog())
    let plan = FaultPlan(
      seed: options.seed, seconds: options.seconds, kinds: kinds, counts: options.counts)
    say("\(plan.faults.count) faults in \(Int(options.seconds)) s")
    let start = monotonicNow()
    async let running: Void = fleet.run()
    let injecting = Task { await injector.inject(plan) }
    await load(servers, since: start, interruption)
    if interruption.isAsked { injecting.cancel() }
    await injecting.value
    let seconds = Double(monotonicNow() - start) / 1e9
    say("the faults are over; working off what is left")
    try await heal(servers, equipment, proxy)
    await fleet.stopProducing()
    await workOff(servers)
    await fleet.stopWorking()
    await running
    return try await report(servers, equipment, fleet, injector.log.contents, seconds)
  }

  // MARK: Steps

  private func install(on servers: ServerPair, standby: Bool) async throws {
    let connection = try await servers.connect()
    try await Migrator(connection).up()
    try await prepare(connection)
    try await Observation.install(on: connection)
    for name in ChaosQueue.names {
      try await connection.query("select ong.create_queue($1)", [name])
    }
    await connection.close()
    if standby { try await servers.attachStandby() }
  }

  private func members(
    _ servers: ServerPair, _ proxy: Proxy, _ namespaceProxy: Proxy?, _ equipment: Equipment
  ) -> [Member] {
    let commands = MemberCommands(
      program: program, journals: equipment.journals, slots: options.slots)
    let direct = servers.conninfo(name: "ong worker")
    var members = [
      commands.group(direct, seed: options.seed &+ 1, rate: options.rate / 2),
      commands.producer(direct, seed: options.seed &+ 2, rate: options.rate / 2),
      commands.worker(.behindProxy, proxy.conninfo(name: "ong worker")),
    ]
    if let namespaceProxy, let namespace = equipment.namespace {
      members.append(
        commands.worker(
          .inNamespace, namespaceProxy.conninfo(name: "ong worker"),
          prefix: namespace.commandPrefix))
    }
    if let clock = equipment.workerClock {
      members.append(commands.worker(.underFakeClock, direct, environment: clock.environment))
    }
    while members.count < options.workers + 2 { members.append(commands.worker(.direct, direct)) }
    return members
  }

  /// Until the time is over and about as many jobs as wanted are enqueued.
  private func load(
    _ servers: ServerPair, since start: Int64, _ interruption: Interruption
  ) async {
    var drawn = 0
    while true {
      try? await Task.sleep(for: .seconds(2))
      let seconds = Double(monotonicNow() - start) / 1e9
      if let number = try? await lastNumber(on: servers) { drawn = number }
      if Int(seconds) % 10 < 2 { say("\(Int(seconds)) s: \(drawn) jobs") }
      // One in twelve transactions is rolled back, and crashes skip numbers.
      let isEnough = Double(drawn) * 0.88 >= Double(options.jobs)
      if seconds >= options.seconds && isEnough || interruption.isAsked { return }
    }
  }

  /// The last job id that was given.
  private func lastNumber(on servers: ServerPair) async throws -> Int {
    let connection = try await servers.connect()
    defer { Task { await connection.close() } }
    return Int(
      try await connection.query("select last_value from ong.job_id")[0, 0].decode(Int64.self))
  }

  private func heal(
    _ servers: ServerPair, _ equipment: Equipment, _ proxy: Proxy
  ) async throws {
    proxy.stall(false)
    try? await equipment.namespace?.connect(true)
    try? await equipment.disk?.free()
    try await servers.revive()
    try await servers.awaitReady(within: .seconds(60))
  }

  /// Until the queues hold nothing more, or the patience is over.
  private func workOff(_ servers: ServerPair) async {
    let end = ContinuousClock.now + options.patience
    while ContinuousClock.now < end {
      if let left = try? await left(on: servers), left == 0 { return }
      try? await Task.sleep(for: .milliseconds(200))
    }
  }

  /// Jobs that have not ended. Dead letters, which their workers' deaths have made, get another chance.
  private func left(on servers: ServerPair) async throws -> Int64 {
    let connection = try await servers.connect()
    defer { Task { await connection.close() } }
    try await connection.query("select ong.retry_dead()")
    return try await connection.query(
      """
      select ong.jobs_left($1, '1 hour') + (select count(*) from ong.dead)
        + (select count(*) from ong.parked)
      """, [ChaosQueue.names])[0, 0].decode(Int64.self)
  }

  private func report(
    _ servers: ServerPair, _ equipment: Equipment, _ fleet: Fleet, _ faults: FaultLog.Contents,
    _ seconds: Double
  ) async throws -> ChaosReport {
    let recorded = try Recorded(folder: equipment.journals)
    var configuration = await servers.current
    configuration.searchPath = "ong"
    configuration.queryTimeout = .seconds(300)
    let connection = try await Connection.open(configuration)
    var verdict = try await Verdict(recorded, in: connection)
    verdict.add(await fleet.surprises)
    let kills = await fleet.kills
    let timings = try await Timings(kills, faults.entries, recorded, in: connection)
    await connection.close()
    return ChaosReport(
      seed: options.seed, options: options.arguments, seconds: seconds, verdict: verdict,
      timings: timings, faults: faults,
      kills: kills.count, skipped: equipment.skipped)
  }
}
