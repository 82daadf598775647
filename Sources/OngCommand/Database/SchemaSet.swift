import ArgumentParser
import EmulationAwards
import LibpqClient
import QueueSchema

/// The schemas that this program installs.
enum SchemaSet: String, CaseIterable, ExpressibleByArgument {
  /// The queue alone: all that another application needs.
  case queue
  /// The work of an emulation bloc. It stands on the queue.
  case emulation

  var migrations: MigrationSet {
    switch self {
    case .queue: .queue
    case .emulation: .emulation
    }
  }

  /// Where it is installed, given where the queue is.
  func schema(queue: String) -> String {
    switch self {
    case .queue: queue
    case .emulation: "emulation"
    }
  }

  func migrator(on connection: Connection, _ database: DatabaseOptions) -> Migrator {
    Migrator(connection, set: migrations, schema: schema(queue: database.schema))
  }
}

/// Which schemas a `migrate` command is for.
struct SchemaSets: ParsableArguments {
  @Option(name: .customLong("set"), help: "Only this schema; by default all of them.")
  var only: SchemaSet?

  var chosen: [SchemaSet] { only.map { [$0] } ?? SchemaSet.allCases }
}
