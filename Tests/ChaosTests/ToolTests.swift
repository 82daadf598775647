import FaultInjection
import Foundation
import Glibc
import PrivatePostgres
import Testing

/// The tool as people run it, and over a protocol that is broken on purpose.
@Suite("Chaos", .serialized)
struct ToolTests {
  @Test("Nothing is lost and nothing accepted twice under all faults that this machine can do")
  func allFaults() async throws {
    let run = try await ChaosProgram.run(["--seconds", "35", "--json"])
    let report = try #require(
      JSONSerialization.jsonObject(with: run.output) as? [String: Any],
      "\(String(decoding: run.errors.suffix(2000), as: UTF8.self))")
    let seed = "seed \(report["seed"] ?? "?")"
    #expect(run.status == 0, "\(seed): \(report["violations"] ?? "")")
    for key in [
      "lost", "unfinished", "accepted_twice", "effects_missing", "effects_twice",
    ] {
      #expect(report[key] as? Int == 0, "\(seed): \(key)")
    }
    for key in ["enqueued", "kills", "server_crashes", "executed_twice"] {
      #expect((report[key] as? Int ?? 0) > 0, "\(seed): \(key)")
    }
    for key in ["rescue_p99_ms", "recovery_p50_ms", "recovery_p99_ms", "recovery_max_ms"] {
      #expect(report[key] != nil, "\(key)")
    }
    // Each was done, or could not be, or is named with the reason.
    let named = ["faults", "faults_failed", "faults_skipped"].flatMap {
      (report[$0] as? [String: Any] ?? [:]).keys
    }
    #expect(Set(named) == Set(FaultKind.allCases.map(\.rawValue)), "\(seed)")
    if geteuid() == 0 { #expect((report["faults"] as? [String: Int])?["fill-disk"] != nil) }
  }

  @Test("Broken protocols are found", arguments: BrokenStep.allCases)
  func broken(_ step: BrokenStep) async throws {
    var options = ChaosOptions()
    options.seconds = 8
    options.workers = 3
    options.counts = step.faults
    options.kinds = FaultKind.allCases.filter { options.counts[$0] != nil }
    options.patience = .seconds(5)
    let report = try await ChaosRun(
      options, program: ChaosProgram.file, prepare: { try await step.install(on: $0) },
      say: { _ in }
    ).run()
    #expect(
      report.verdict.violations.contains { violation in
        step.violates.contains { violation.hasPrefix($0 + ":") }
      },
      "seed \(report.seed): \(report.verdict.violations)")
  }

  @Test("What cannot be asked for is refused before anything is started")
  func options() async throws {
    for arguments in [["--frobnicate"], ["--seconds", "x"], ["--only", "meteor"]] {
      let run = try await ChaosProgram.run(arguments)
      #expect(run.status == 2)
      #expect(String(decoding: run.errors, as: UTF8.self).contains("error: "))
    }
  }
}

/// The program `chaos`, which the build puts beside the test bundle.
enum ChaosProgram {
  static var file: String {
    URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent()
      .appending(path: "chaos").path
  }

  static func run(
    _ arguments: [String]
  ) async throws -> (status: Int32?, output: Data, errors: Data) {
    let folder = FileManager.default.temporaryDirectory
    let files = try ["output", "errors"].map { name in
      let place = folder.appending(path: "ong-chaos-\(name)-\(UUID())")
      try Data().write(to: place)
      return (place, try FileHandle(forWritingTo: place))
    }
    defer { for (place, _) in files { try? FileManager.default.removeItem(at: place) } }
    let child = try ChildProcess(
      [file] + arguments, output: files[0].1.fileDescriptor, errors: files[1].1.fileDescriptor)
    let status = await child.waitForExit(within: .seconds(300))
    if status == nil { kill(child.id, SIGKILL) }
    return (status, try Data(contentsOf: files[0].0), try Data(contentsOf: files[1].0))
  }
}
