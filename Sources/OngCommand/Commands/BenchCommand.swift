public import ArgumentParser
import Foundation
public import QueueBenchmark

/// `ong bench RUN`
struct BenchCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bench", abstract: "Measure the queue on a server, next to its yardsticks.",
    discussion: """
      Each figure has a ratio to a yardstick that was measured in the same minutes: a classic table \
      with SKIP LOCKED, or bare statements. docs/performance.md says what is measured how.

      It never touches your queues: it makes a database named ong_bench_… beside yours on the server \
      that --database, ONG_DATABASE_URL or PGHOST … name (the login needs CREATEDB), and drops it at \
      the end. Other work on the server disturbs the figures, and they disturb it. Without a name it \
      starts a PostgreSQL of its own, with that one's defaults, and removes it.

      Runs:
      \(BenchmarkRun.allCases.map { "  \($0.rawValue) – \($0.summary)" }.joined(separator: "\n"))
      """)

  @Argument(help: ArgumentHelp("What to measure.", valueName: "run")) var what: BenchmarkRun
  @OptionGroup var measure: MeasureOptions
  @Option(
    help: ArgumentHelp(
      "PostgreSQL URI or connection string.",
      discussion: "Default: ONG_DATABASE_URL, PGHOST, PGSERVICE …, else a server of its own.",
      valueName: "url"))
  var database: String?
  @OptionGroup var log: LogOptions
  @Flag(help: "Print JSON instead of a table.") var json = false

  func run() async throws {
    if !Benchmark.isOptimized {
      Terminal.say("warning: a debug build; its figures say nothing. Use swift build -c release.")
    }
    let report = try await Benchmark(
      what, settings: measure.settings(), server: server, version: OngVersion.current,
      logger: log.logger()
    ).report()
    if json { return Terminal.printLines([try report.json()]) }
    Terminal.printTable(.bench(report))
    var facts = FactList()
    for fact in report.facts { facts.add(fact.name, fact.value) }
    Terminal.printLines([""] + facts.lines)
  }

  private var server: BenchmarkServer {
    let choice = DatabaseChoice(
      option: database, environment: ProcessInfo.processInfo.environment,
      directory: URL(filePath: ".", directoryHint: .isDirectory))
    return if case .named(let configuration, _) = choice { .named(configuration) } else {
      .ofItsOwn
    }
  }
}

/// What `ong bench --processes` starts.
struct BenchWorkerCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bench-worker", abstract: "Works for 'ong bench --processes', which starts it.",
    shouldDisplay: false)

  @OptionGroup var log: LogOptions

  func run() async throws { try await BenchmarkWorkers.serve(logger: log.logger()) }
}

extension BenchmarkRun: ExpressibleByArgument {}
extension BenchmarkSettings.Payload: ExpressibleByArgument {}

extension Table {
  /// `ong bench`.
  fileprivate static func bench(_ report: BenchmarkReport) -> Table {
    let table = report.table
    return Table(
      columns: table.headings.enumerated().map { index, title in
        .init(title: title, alignment: index == 0 ? .left : .right)
      }, rows: table.rows)
  }
}
