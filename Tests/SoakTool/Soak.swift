import FaultInjection
import Foundation

/// `soak`, the tool: see docs/soak.md. The same program is each of its workers and producers.
@main
enum Soak {
  static func main() async {
    signal(SIGPIPE, SIG_IGN)
    let arguments = ProgramArguments.ours
    switch arguments.first {
    case "worker": exit(await SoakWorkerProgram.run(Array(arguments.dropFirst())))
    case "producer": exit(await SoakProducerProgram.run(Array(arguments.dropFirst())))
    case "--help", "-h": print(SoakOptions.usage)
    default: exit(await run(arguments))
    }
  }

  private static func run(_ arguments: [String]) async -> Int32 {
    do {
      let options = try SoakOptions(arguments: arguments)
      let report = try await SoakRun(options) { note($0) }.run()
      print(options.isJSON ? report.json : report.text)
      return report.isClean ? 0 : 1
    } catch {
      note("error: \(error)")
      return 2
    }
  }

  private static func note(_ line: String) {
    FileHandle.standardError.write(Data("soak: \(line)\n".utf8))
  }
}
