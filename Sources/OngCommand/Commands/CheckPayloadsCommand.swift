import ArgumentParser
import EmulationAwards
import Foundation
import JobQueue
import JobWorker
import QueueWeb

/// `ong check-payloads`: run by the new program before a deploy.
struct CheckPayloadsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check-payloads",
    abstract: "Read every stored payload as this program would; fail if one would not decode.",
    discussion: """
      Run it with the new program before a deploy. Exit code 1: payloads would not decode, or, with \
      --strict, kinds are stored that this program does not know.
      """)
  @Flag(help: "Kinds that this program does not know are a failure too.") var strict = false
  @OptionGroup var service: ServiceOptions
  @Flag(help: "Print JSON instead of a table.") var json = false

  func run() async throws {
    let application = try await Application(service)
    let report = try await application.queue.checkPayloads(with: application.registry())
    if json {
      try Terminal.printLines([JSONNotation.text(report)])
    } else {
      Terminal.printTable(.payloads(report))
      for failure in report.kinds.flatMap(\.examples) {
        Terminal.say("\(failure.id) (\(failure.state), \(failure.queue)): \(failure.error)")
      }
    }
    guard report.passes(allowingUnknownKinds: !strict) else {
      throw CommandFailure(
        .failure,
        report.failing > 0
          ? "\(report.failing) of \(report.total) payloads would not decode"
          : "\(report.unknownKinds.count) kinds are not known to this program",
        advice: "do not deploy this program: add an upcaster or the missing version first")
    }
  }
}

extension Table {
  /// `ong check-payloads`.
  fileprivate static func payloads(_ report: PayloadReport) -> Table {
    func row(_ kind: PayloadReport.Kind, _ verdict: String) -> [String] {
      [kind.kind, "\(kind.total)", "\(kind.failing)", verdict]
    }
    return Table(
      columns: [
        .init(title: "KIND", minimumWidth: 10), .init(title: "PAYLOADS", alignment: .right),
        .init(title: "FAILING", alignment: .right), .init(title: "VERDICT"),
      ],
      rows: report.kinds.map { row($0, $0.failing == 0 ? "decodes" : "would not decode") }
        + report.unknownKinds.map { row($0, "not known here") })
  }
}
