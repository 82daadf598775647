import Foundation
import LibpqClient

/// What figures hold for: the server, the machine, the settings.
struct Conditions {
  typealias List = [(name: String, value: BenchmarkReport.Condition)]

  private static let serverSettings = [
    "server_version", "fsync", "synchronous_commit", "full_page_writes", "wal_level",
    "shared_buffers", "max_wal_size", "autovacuum",
  ]

  static func list(
    _ stage: Stage, version: String, more: List = []
  ) async throws -> List {
    let connection = try await stage.scratch.connect()
    let answer = try await connection.query(
      "select name, current_setting(name) from unnest($1::text[]) name", [serverSettings])
    await connection.close()
    let server = try answer.map { row in
      (name: try row[0].decode(String.self), value: text(try row[1].decode()))
    }
    return program(version) + server + machine(stage) + asked(stage.settings) + more
  }

  /// Whether figures of this program are worth anything.
  static var isOptimized: Bool {
    #if DEBUG
      false
    #else
      true
    #endif
  }

  private static func program(_ version: String) -> List {
    [("ong_version", .text(version)), ("build", .text(isOptimized ? "release" : "debug"))]
  }

  private static func machine(_ stage: Stage) -> List {
    [
      ("cores", .number(ProcessInfo.processInfo.processorCount)),
      ("server_is_local", .flag(stage.meter.isServerLocal)),
    ]
  }

  private static func asked(_ settings: BenchmarkSettings) -> List {
    [
      ("jobs", .number(settings.jobs)), ("batch", .number(settings.batch)),
      ("slots", .number(settings.slots)), ("workers", .number(settings.workers)),
      ("processes", .number(settings.processes)),
      ("pooler", .flag(settings.pooler != nil)),
      ("payload", .text(settings.payload.rawValue)),
      ("payload_bytes", .number(settings.payloadBytes)),
      ("batch_handler", .flag(settings.batchHandler)), ("rounds", .number(settings.rounds)),
    ]
  }

  private static func text(_ value: String) -> BenchmarkReport.Condition { .text(value) }
}
