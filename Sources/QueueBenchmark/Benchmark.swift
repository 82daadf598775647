import LibpqClient
public import Logging

/// Measures the queue on a server, next to yardsticks that are measured in the same minutes.
public struct Benchmark: Sendable {
  private let run: BenchmarkRun
  private let settings: BenchmarkSettings
  private let server: BenchmarkServer
  private let version: String
  private let logger: Logger

  /// - Parameter version: the program's, for the report's conditions.
  public init(
    _ run: BenchmarkRun, settings: BenchmarkSettings, server: BenchmarkServer, version: String,
    logger: Logger
  ) {
    self.run = run
    self.settings = settings
    self.server = server
    self.version = version
    self.logger = logger
  }

  /// Figures of a debug build say nothing of the product.
  public static var isOptimized: Bool { Conditions.isOptimized }

  /// Makes a database, measures in it, and drops it, also when it fails.
  ///
  /// Throws `BenchmarkSettingsError`, `BenchmarkStalled`, and what the server's start and the database
  /// throw.
  public func report() async throws -> BenchmarkReport {
    try settings.validate()
    if settings.processes > 0, run != .drain {
      throw BenchmarkSettingsError(
        field: "processes", wanted: "0 for every run but drain", got: "\(settings.processes)")
    }
    return try await server.withServer(logger) { server in
      try await ScratchDatabase.with(on: server) { scratch in
        try await Stage.with(scratch, settings, logger) { try await measure(on: $0, server) }
      }
    }
  }

  private func measure(
    on stage: Stage, _ server: ConnectionConfiguration
  ) async throws -> BenchmarkReport {
    let outcome =
      switch run {
      case .drain: RunOutcome(parts: [try await Drain(stage).rounds().compared("drain")])
      case .enqueue: try await EnqueueRun(stage).measure()
      case .sustained: try await SustainedRun(stage).measure()
      case .latency: try await LatencyRun(stage).measure()
      case .horizon: try await HorizonRun(stage).measure()
      case .backlog: try await BacklogRun(stage, on: server).measure()
      case .queues: try await QueuesRun(stage, on: server).measure()
      case .limits: try await LimitsRun(stage).measure()
      case .idle: try await IdleRun(stage).measure()
      }
    return BenchmarkReport(
      run, conditions: try await Conditions.list(stage, version: version, more: outcome.conditions),
      parts: outcome.parts, headline: outcome.headline)
  }
}

/// What a run hands in.
struct RunOutcome {
  var parts: [Comparison]
  /// The place of the part that the run is about.
  var headline = 0
  var conditions: Conditions.List = []
}
