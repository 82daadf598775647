import Fuzzing
import JobQueueTesting
import Testing

@Suite("Inputs of any kind")
struct FuzzingTests {
  @Test("Any input is read or refused, never a crash", arguments: FuzzTarget.all)
  func reads(_ target: FuzzTarget) async throws {
    try await forEachSeed(rounds: target.shortRun) { random in target.read(target.input(&random)) }
  }
}
