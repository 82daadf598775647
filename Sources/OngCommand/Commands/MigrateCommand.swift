import ArgumentParser
import Foundation
import LibpqClient
import QueueSchema

/// `ong migrate …`
struct MigrateCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "migrate", abstract: "Install and upgrade the schema.",
    subcommands: [Up.self, Status.self, Script.self])

  struct Up: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "up", abstract: "Bring the schema to this program's version.",
      discussion: "All pending steps are one transaction. Several at once wait for each other.")
    @OptionGroup var sets: SchemaSets
    @OptionGroup(title: "Database") var database: DatabaseOptions

    func run() async throws {
      try await database.withConnection { connection in
        for set in sets.chosen {
          let steps = try await set.migrator(on: connection, database).up()
          Terminal.printLines(
            steps.isEmpty ? ["\(set.rawValue): up to date"] : steps.map { "\(set.rawValue): \($0)" }
          )
        }
      }
    }
  }

  struct Status: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "status",
      abstract: "Show which steps are applied; exit 5 if the schema does not fit this program.")
    @OptionGroup var sets: SchemaSets
    @OptionGroup var options: ReadingOptions

    func run() async throws {
      try await options.database.withConnection { connection in
        var rows: [MigrationRow] = []
        for set in sets.chosen {
          let status = try await set.migrator(on: connection, options.database).status()
          rows += MigrationRow.rows(of: set, status)
        }
        try options.show(rows, empty: "This program has no migrations.") { .migrations($0) }
        for set in sets.chosen {
          try await set.migrator(on: connection, options.database).check()
        }
      }
    }
  }

  struct Script: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "sql", abstract: "Print the SQL that installs the schema, to run it with psql.")
    @OptionGroup var sets: SchemaSets
    @OptionGroup(title: "Database") var database: DatabaseOptions

    func run() async throws {
      for set in sets.chosen {
        Terminal.printLines([try set.migrations.script(schema: set.schema(queue: database.schema))])
      }
    }
  }
}
