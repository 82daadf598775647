import ArgumentParser

/// What every list that may be long takes.
struct PagingOptions: ParsableArguments {
  @Option(help: "Only those before this id: the last id of a page gives the next page.")
  var before: Int64?
  @Option(name: .shortAndLong, help: "At most so many, 1 to 1000.") var limit = 50

  func validate() throws {
    guard (1...1000).contains(limit) else {
      throw ValidationError("expected --limit to be 1 to 1000, got: \(limit)")
    }
  }
}
