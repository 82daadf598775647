import FaultInjection

/// `chaos`, the tool: see docs/chaos.md. The same program is each of its workers and producers.
@main
enum Chaos {
  static func main() async {
    await ToolProgram(
      name: "chaos", usage: ChaosOptions.usage, worker: WorkerProgram.run,
      producer: ProducerProgram.run
    ) { arguments, note in
      let options = try ChaosOptions(arguments: arguments)
      let report = try await ChaosRun(options, say: note).run()
      return (options.isJSON ? report.json : report.text, report.isClean)
    }.main()
  }
}
