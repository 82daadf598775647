import ArgumentParser
import Foundation
import JobQueue
import LibpqClient
import QueueSchema

/// Where the queue is.
struct DatabaseOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "PostgreSQL URI or connection string.",
      discussion:
        "Without a password. Default: ONG_DATABASE_URL, PGHOST …, else the private server.",
      valueName: "url"))
  var database: String?

  @Flag(help: "The database is reached by way of a pooler in transaction mode, such as PgBouncer.")
  var pooled = false

  @Option(help: "Schema of the queue.")
  var schema = "ong"

  @Option(help: ArgumentHelp("Folder of the private server.", valueName: "folder"))
  var directory = ".ong"

  func validate() throws {
    if let database, PasswordInArguments.stands(in: database) {
      throw ValidationError("--database holds a password: \(PasswordInArguments.advice)")
    }
  }

  var choice: DatabaseChoice {
    DatabaseChoice(
      option: database, environment: ProcessInfo.processInfo.environment,
      directory: URL(filePath: directory, directoryHint: .isDirectory),
      pooling: pooled ? .transaction : .session)
  }

  /// Runs `body` with the queue of an existing database whose schema fits this program.
  func withQueue<Result>(
    cipher: (any PayloadCipher)? = nil, _ body: (JobQueue) async throws -> Result
  ) async throws -> Result {
    try await withPool { pool in
      try await pool.withConnection { try await requireSchema($0) }
      return try await body(JobQueue(pool: pool, schema: schema, cipher: cipher))
    }
  }

  /// Throws `SchemaMismatch` unless the queue's schema is this program's.
  private func requireSchema(_ connection: Connection) async throws {
    do {
      try await SchemaSet.queue.migrator(on: connection, self).check()
    } catch let error as DatabaseError where error.sqlState == "42501" {
      // A role that may only enqueue or read cannot see the journal; its command will tell.
    }
  }
}
