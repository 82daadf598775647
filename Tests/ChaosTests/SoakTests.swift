import FaultInjection
import Foundation
import Testing

@Suite("Soak")
struct SoakTests {
  private func trend(_ value: (Double) -> Double) -> Trend {
    Trend((0...60).map { (Double($0), value(Double($0))) })
  }

  @Test("A value that rises is found, one that is warm or shakes is not")
  func trends() throws {
    let rising = trend { 1000 + 10 * $0 }
    #expect(abs(try #require(rising.slope) - 10) < 1e-9)
    #expect(rising.grows(byMoreThan: 0.1, plus: 100))
    #expect(!trend { 1000 + 10 * min($0, 12) }.grows(byMoreThan: 0.1, plus: 0))
    #expect(
      !trend { 1000 + ($0.truncatingRemainder(dividingBy: 2) * 50) }.grows(byMoreThan: 0.1, plus: 0)
    )
    #expect(!trend { 1000 + $0 }.grows(byMoreThan: 0.1, plus: 0))
    #expect(trend { $0 < 40 ? 0 : 5 }.grows(byMoreThan: 0.5, plus: 4))
    #expect(Trend([(0, 1), (1, 2)]).slope == nil)
  }

  @Test("An attempt that is begun again is lost, unless its job has asked for that")
  func losses() {
    var recorded = Recorded()
    recorded.read(
      Data("S 1 7 1 0\nS 2 8 1 0\nZ 8\nS 3 8 1 0\nS 4 9 1 0\nS 5 9 2 0\nM 7\n".utf8))
    #expect(AttemptLosses(recorded, rescuedWorkers: 0).count == 0)
    recorded.read(Data("S 6 7 1 0\nS 7 10 2 1\n".utf8))
    let losses = AttemptLosses(recorded, rescuedWorkers: 2)
    #expect(losses.begunAgain == 1 && losses.afterCrashes == 1 && losses.count == 4)
  }

  @Test("Nothing is lost in a short soak with all features and deploys", .timeLimit(.minutes(5)))
  func short() async throws {
    var options = SoakOptions()
    options.seconds = 8
    options.deployEvery = 3
    options.workers = 2
    let program = URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent()
      .appending(path: "soak").path
    let report = try await SoakRun(options, program: program) { _ in }.run()
    #expect(report.findings == [], "\(report.text)")
    #expect(report.verdict.enqueued > 200 && report.deploys > 1)
    let json = try JSONSerialization.jsonObject(with: Data(report.json.utf8)) as? [String: Any]
    for key in ["attempts_lost", "memory_kib", "p99_ms", "tables", "dead_tuples", "samples"] {
      #expect(json?[key] != nil, "\(key)")
    }
  }
}
