import FoundationEssentials
import Glibc
import LibpqClient
import QueueSchema

/// One soak from the empty folder to the report.
package struct SoakRun: Sendable {
  private let options: SoakOptions
  private let program: String
  private let say: @Sendable (String) -> Void

  /// - Parameters:
  ///   - program: the file of the program `soak`, which workers and producers run.
  ///   - say: hears what goes on, line by line.
  package init(
    _ options: SoakOptions, program: String = "/proc/\(getpid())/exe",
    say: @escaping @Sendable (String) -> Void
  ) {
    self.options = options
    self.program = program
    self.say = say
  }

  package func run() async throws -> SoakReport {
    try await RunScaffold.with([], keepsFolder: options.keepsFolder, say: say) { scaffold in
      try await run(
        on: scaffold.servers, with: scaffold.equipment, scaffold.interruption)
    }
  }

  private func run(
    on servers: ServerPair, with equipment: Equipment, _ interruption: Interruption
  ) async throws -> SoakReport {
    try await install(on: servers)
    let fleet = Fleet(
      members(servers, equipment), journals: equipment.journals, errorLog: equipment.errorLog,
      seed: options.seed)
    async let running: Void = fleet.run()
    let deploys = Deploys()
    let deploying = Task { await deploy(fleet, deploys) }
    let samples = try await load(servers, fleet, interruption)
    deploying.cancel()
    await deploying.value
    say("the load is over; working off what is left")
    await fleet.stopProducing()
    await workOff(servers)
    await fleet.stopWorking()
    await running
    return try await report(servers, equipment, fleet, samples, await deploys.count)
  }

  // MARK: Steps

  private func install(on servers: ServerPair) async throws {
    let connection = try await servers.connect()
    try await Migrator(connection).up()
    try await Observation.install(on: connection)
    try await connection.execute(script: SoakQueue.script(retention: options.retention))
    await connection.close()
  }

  /// The first worker is never restarted, so that its memory tells of more than a minute.
  private func members(_ servers: ServerPair, _ equipment: Equipment) -> [Member] {
    let commands = MemberCommands(program: program, journals: equipment.journals, slots: 2)
    let conninfo = servers.conninfo(name: "ong worker")
    let producers = (1...2).map {
      commands.producer(conninfo, seed: options.seed &+ UInt64($0), rate: options.rate / 2)
    }
    let workers = (0...options.workers).map { _ in commands.worker(.direct, conninfo) }
    return workers + producers
  }

  /// Restarts one worker after the other, each once in `deployEvery`.
  private func deploy(_ fleet: Fleet, _ deploys: Deploys) async {
    var next = 1
    while !Task.isCancelled {
      try? await Task.sleep(for: .seconds(options.deployEvery / Double(options.workers)))
      if Task.isCancelled { return }
      if await fleet.roll(next) { await deploys.add() }
      next = next % options.workers + 1
    }
  }

  private func load(
    _ servers: ServerPair, _ fleet: Fleet, _ interruption: Interruption
  ) async throws -> [SoakSample] {
    let start = monotonicNow()
    var sampler = SoakSampler()
    var samples: [SoakSample] = []
    var due = options.sampleEvery
    while true {
      try? await Task.sleep(for: .milliseconds(500))
      let seconds = Double(monotonicNow() - start) / 1e9
      if seconds >= due || seconds >= options.seconds || interruption.isAsked {
        due += options.sampleEvery
        let connection = try await servers.connect()
        let sample = try await sampler.sample(
          minute: seconds / 60, memory: await memory(fleet), on: connection)
        await connection.close()
        samples.append(sample)
        say(sample.line)
      }
      if seconds >= options.seconds || interruption.isAsked { return samples }
    }
  }

  private func memory(
    _ fleet: Fleet
  ) async -> (lasting: Double?, workers: [Double], producers: [Double]) {
    let workers = await fleet.processes(.worker)
    let producers = await fleet.processes(.producer)
    return (
      workers[0].flatMap(residentKiB), workers.filter { $0.key > 0 }.values.compactMap(residentKiB),
      producers.values.compactMap(residentKiB)
    )
  }

  /// Until the queues hold nothing more, or two minutes have passed.
  private func workOff(_ servers: ServerPair) async {
    let end = ContinuousClock.now + .seconds(120)
    while ContinuousClock.now < end {
      if let left = try? await left(on: servers), left == 0 { return }
      try? await Task.sleep(for: .milliseconds(200))
    }
  }

  private func left(on servers: ServerPair) async throws -> Int64 {
    let connection = try await servers.connect()
    defer { Task { await connection.close() } }
    try await connection.query("delete from ong.schedule where name = 'soak tick'")
    return try await connection.query(
      """
      select ong.jobs_left($1, '1 hour') + (select count(*) from ong.dead)
        + (select count(*) from ong.parked)
      """, [SoakQueue.names])[0, 0].decode(Int64.self)
  }

  private func report(
    _ servers: ServerPair, _ equipment: Equipment, _ fleet: Fleet, _ samples: [SoakSample],
    _ deploys: Int
  ) async throws -> SoakReport {
    let recorded = try Recorded(folder: equipment.journals)
    var configuration = await servers.current
    configuration.searchPath = "ong"
    configuration.queryTimeout = .seconds(300)
    let connection = try await Connection.open(configuration)
    var verdict = try await Verdict(recorded, in: connection)
    verdict.add(await fleet.surprises)
    let rescued = try await connection.query(
      "select count(*) from chaos.observed where what = 'rescued'")[0, 0].decode(Int.self)
    await connection.close()
    return SoakReport(
      options: options, samples: samples, verdict: verdict, deploys: deploys,
      losses: AttemptLosses(recorded, rescuedWorkers: rescued))
  }
}

private actor Deploys {
  private(set) var count = 0
  func add() { count += 1 }
}
