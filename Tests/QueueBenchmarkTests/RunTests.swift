import Foundation
import JobQueueTesting
import LibpqClient
import Logging
import PrivatePostgres
import QueueBenchmark
import Testing

/// Runs in small form. What is checked is that they count right and clean up, not how fast they are.
@Suite("Benchmark runs", .serialized)
struct RunTests {
  private static let always = [
    "jobs_per_second", "yardstick_jobs_per_second", "ratio_to_yardstick", "bare_jobs_per_second",
    "p50_ms", "p99_ms", "p999_ms", "wal_bytes_per_job", "commits_per_job", "dead_tuples_per_job",
    "server_cpu_us_per_job", "client_cpu_us_per_job", "connections", "rss_bytes", "conditions",
    "parts", "run",
  ]

  @Test("every run reports all keys and leaves nothing behind", arguments: BenchmarkRun.allCases)
  func keys(run: BenchmarkRun) async throws {
    let report = try await Self.report(run, .small)
    let json = try Self.object(report)
    for key in Self.always { #expect(json[key] != nil, "\(key)") }
    #expect(json["run"] as? String == run.rawValue)
    for part in report.parts {
      #expect(part.ong.jobs > 0 || run == .idle, "\(part.name)")
      #expect(part.ong.seconds > 0, "\(part.name)")
    }
    let conditions = try #require(json["conditions"] as? [String: Any])
    for key in ["build", "server_version", "fsync", "batch", "payload_bytes", "cores"] {
      #expect(conditions[key] != nil, "\(key)")
    }
  }

  @Test("a drain does every job, without a dead tuple, on three connections")
  func drain() async throws {
    let drain = try await Self.report(.drain, .small).headline
    #expect(drain.ong.jobs == BenchmarkSettings.small.jobs)
    #expect(drain.bare?.jobs == drain.ong.jobs)
    #expect(drain.yardstick?.jobs == drain.ong.jobs)
    #expect(drain.ong.connections == 3)
    // Heartbeats and the worker's end update a row or two of their own.
    #expect(try #require(drain.ong.deadTuples) < 10)
    #expect(drain.yardstick?.deadTuples == 2 * Int64(drain.ong.jobs))
    #expect(try #require(drain.ong.walBytes) > 100 * Int64(drain.ong.jobs))
    #expect(try #require(drain.ong.commits) >= Int64(drain.ong.jobs / 100))
    #expect(try #require(drain.ong.clientCPU) > 0)
    #expect(try #require(drain.ong.latency).p50 > 0)
  }

  @Test("raw payloads and handlers of many jobs are drained too", arguments: [true, false])
  func otherHandlers(isBatch: Bool) async throws {
    var settings = BenchmarkSettings.small
    settings.batchHandler = isBatch
    settings.payload = isBatch ? .typed : .raw
    let report = try await Self.report(.drain, settings)
    #expect(report.headline.ong.jobs == settings.jobs)
    #expect(try Self.object(report)["ratio_to_bare"] is Double)
  }

  @Test("settings out of range are refused with their name")
  func refused() async throws {
    var settings = BenchmarkSettings.small
    settings.batch = 0
    #expect(throws: BenchmarkSettingsError.self) { try settings.validate() }
  }

  /// A report of a run on the tests' server; fails if a database or a role stays.
  static func report(
    _ run: BenchmarkRun, _ settings: BenchmarkSettings
  ) async throws -> BenchmarkReport {
    let server = try await TestCluster.shared.server.configuration()
    var logger = Logger(label: "bench")
    logger.logLevel = .warning
    let report = try await Benchmark(
      run, settings: settings, server: .named(server), version: "test", logger: logger
    ).report()
    let connection = try await Connection.open(server)
    let left = try await connection.query(
      """
      select datname::text from pg_database where datname ~ '^ong_bench' union all
      select rolname from pg_roles where rolname ~ '^ong_bench'
      """)
    await connection.close()
    #expect(left.count == 0)
    return report
  }

  static func object(_ report: BenchmarkReport) throws -> [String: Any] {
    try #require(
      JSONSerialization.jsonObject(with: Data(report.json().utf8)) as? [String: Any])
  }
}

extension BenchmarkSettings {
  /// A second or so in each run.
  static var small: BenchmarkSettings {
    var settings = BenchmarkSettings()
    settings.jobs = 2000
    settings.batch = 100
    settings.rounds = 1
    settings.seconds = 0.3
    settings.rate = 200
    settings.backlog = [3000]
    settings.deferred = 3000
    settings.keys = 20
    settings.queues = [7]
    return settings
  }
}
