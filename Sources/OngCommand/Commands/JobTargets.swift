import ArgumentParser
import JobQueue

/// The jobs an operation is for. Every one is tried; the first failure is the command's exit code.
struct JobTargets: ParsableArguments {
  @Argument(help: "The jobs' ids.") var ids: [Int64]
  @OptionGroup(title: "Database") var database: DatabaseOptions

  func each(_ act: (JobQueue, Int64) async throws -> String) async throws {
    try await Self.each(of: ids, in: database, act)
  }

  /// Does `act` to each job and prints what came of it, one line each.
  static func each(
    of ids: [Int64], in database: DatabaseOptions,
    _ act: (JobQueue, Int64) async throws -> String
  ) async throws {
    try await database.withQueue { queue in
      var failures: [CommandFailure] = []
      for id in ids {
        do {
          Terminal.printLines(["\(id)  \(try await act(queue, id))"])
        } catch {
          let failure = CommandFailure(explaining: error)
          // Without a database the next job fares no better.
          if failure.status == .databaseUnreachable { throw failure }
          failures.append(failure)
        }
      }
      for failure in failures.dropFirst() { Terminal.say("error: \(failure.message)") }
      if let first = failures.first { throw first }
    }
  }
}
