import FaultInjection
import Foundation

/// `chaos`, the tool: see docs/chaos.md. The same program is each of its workers and producers.
@main
enum Chaos {
  static func main() async {
    signal(SIGPIPE, SIG_IGN)
    let arguments = ProgramArguments.ours
    switch arguments.first {
    case "worker": exit(await WorkerProgram.run(Array(arguments.dropFirst())))
    case "producer": exit(await ProducerProgram.run(Array(arguments.dropFirst())))
    case "--help", "-h": print(ChaosOptions.usage)
    default: exit(await run(arguments))
    }
  }

  private static func run(_ arguments: [String]) async -> Int32 {
    do {
      let options = try ChaosOptions(arguments: arguments)
      let report = try await ChaosRun(options) { note($0) }.run()
      print(options.isJSON ? report.json : report.text)
      return report.isClean ? 0 : 1
    } catch {
      note("error: \(error)")
      return 2
    }
  }

  private static func note(_ line: String) {
    FileHandle.standardError.write(Data("chaos: \(line)\n".utf8))
  }
}
