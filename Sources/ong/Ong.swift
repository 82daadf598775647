import ArgumentParser

/// The command `ong`: composition root of the house.
@main
struct Ong: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "ong", abstract: "A job queue inside PostgreSQL.")
}
