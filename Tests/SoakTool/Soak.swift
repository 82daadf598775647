import FaultInjection

/// `soak`, the tool: see docs/soak.md. The same program is each of its workers and producers.
@main
enum Soak {
  static func main() async {
    await ToolProgram(
      name: "soak", usage: SoakOptions.usage, worker: SoakWorkerProgram.run,
      producer: SoakProducerProgram.run
    ) { arguments, note in
      let options = try SoakOptions(arguments: arguments)
      let report = try await SoakRun(options, say: note).run()
      return (options.isJSON ? report.json : report.text, report.isClean)
    }.main()
  }
}
