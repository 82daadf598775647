import ArgumentParser
import QueueWeb

/// What every reading command takes.
struct ReadingOptions: ParsableArguments {
  @OptionGroup(title: "Database") var database: DatabaseOptions

  @Flag(help: "Print JSON instead of a table.")
  var json = false

  /// Prints a list as a table or as a JSON array; an empty table is a sentence on standard error.
  func show<Element: Encodable>(
    _ elements: [Element], empty: String, table: ([Element]) -> Table
  ) throws {
    if json { return try Terminal.printLines([JSONNotation.text(elements)]) }
    if elements.isEmpty { return Terminal.say(empty) }
    Terminal.printTable(table(elements))
  }
}
