import Foundation
import JobQueue
import JobQueueTesting
import LibpqClient
import Testing

/// The built command `ong`.
struct BuiltCommand {
  /// It lies beside the test bundle.
  static let program = URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent()
    .appending(path: "ong")

  var environment: [String: String] = [:]
  /// The working folder: one of the test's own keeps a developer's `.ong/` out of it.
  var directory = FileManager.default.temporaryDirectory

  func run(_ arguments: String..., input: String = "") async throws -> Program.Ended {
    try await program.run(arguments, input: input)
  }

  func run(_ arguments: [String], input: String = "") async throws -> Program.Ended {
    try await program.run(arguments, input: input)
  }

  func start(_ arguments: [String]) throws -> RunningProgram { try program.start(arguments) }

  private var program: Program {
    Program(Self.program, environment: environment, directory: directory)
  }

  /// A folder in which `ong up` can work, removed afterwards.
  static func inFolder<Result>(
    _ body: (BuiltCommand) async throws -> Result
  ) async throws -> Result {
    let folder = FileManager.default.temporaryDirectory.appending(path: "ong-\(UUID())")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    return try await body(BuiltCommand(directory: folder))
  }

  /// Runs `body` with the command pointed at a database in which the main job is done, and in a
  /// folder of its own.
  static func withMainJobDone(
    _ body: (BuiltCommand, TestDatabase) async throws -> Void
  ) async throws {
    try await TestDatabase.withDatabase(template: .queue) { database in
      try await inFolder { folder in
        var ong = folder
        ong.environment["ONG_DATABASE_URL"] = database.configuration.conninfo
        let ended = try await ong.run("up", "--once")
        #expect(ended.status == 0, "\(ended.errors)")
        try await body(ong, database)
      }
    }
  }

  /// Runs `body` with the command pointed at an empty queue of the test's own.
  static func withQueue(
    _ body: (BuiltCommand, JobQueue) async throws -> Void
  ) async throws {
    try await TestDatabase.withDatabase(template: .queue) { database in
      let pool = ConnectionPool(database.configuration, size: 1)
      let ong = BuiltCommand(environment: ["ONG_DATABASE_URL": database.configuration.conninfo])
      do {
        try await body(ong, JobQueue(pool: pool))
        await pool.close()
      } catch {
        await pool.close()
        throw error
      }
    }
  }
}

extension TestDatabase {
  /// How libpq, and every driver over it, finds this database.
  var libpqVariables: [String: String] {
    let pairs = configuration.conninfo.matches(of: /(\w+)='([^']*)'/).map {
      (String($0.1), String($0.2))
    }
    let names = ["host": "PGHOST", "port": "PGPORT", "user": "PGUSER", "dbname": "PGDATABASE"]
    return Dictionary(pairs.compactMap { key, value in names[key].map { ($0, value) } }) { $1 }
  }
}
