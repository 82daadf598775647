import Foundation

/// What the tools `chaos` and `soak` have in common: each is the tool and, by its first argument, also
/// each of its workers and producers.
package struct ToolProgram: Sendable {
  package typealias Part = @Sendable (_ arguments: [String]) async -> Int32
  package typealias Note = @Sendable (_ line: String) -> Void

  private let name: String
  private let usage: String
  private let worker: Part
  private let producer: Part
  private let run: @Sendable ([String], @escaping Note) async throws -> (String, isClean: Bool)

  /// - Parameter run: makes the run and gives the report as it is to be printed.
  package init(
    name: String, usage: String, worker: @escaping Part, producer: @escaping Part,
    run: @escaping @Sendable ([String], @escaping Note) async throws -> (String, isClean: Bool)
  ) {
    self.name = name
    self.usage = usage
    self.worker = worker
    self.producer = producer
    self.run = run
  }

  /// Does what the program's arguments ask for and ends it.
  package func main() async {
    signal(SIGPIPE, SIG_IGN)
    let arguments = ProgramArguments.ours
    switch arguments.first {
    case "worker": exit(await worker(Array(arguments.dropFirst())))
    case "producer": exit(await producer(Array(arguments.dropFirst())))
    case "--help", "-h": print(usage)
    default: exit(await report(arguments))
    }
  }

  private func report(_ arguments: [String]) async -> Int32 {
    let note: Note = { [name] in
      FileHandle.standardError.write(Data("\(name): \($0)\n".utf8))
    }
    do {
      let (report, isClean) = try await run(arguments, note)
      print(report)
      return isClean ? 0 : 1
    } catch {
      note("error: \(error)")
      return 2
    }
  }
}
