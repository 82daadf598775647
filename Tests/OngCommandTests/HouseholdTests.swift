import Synchronization
import Testing

@testable import OngCommand

@Suite struct HouseholdTests {
  /// A part that runs until it is told to end.
  private final class Patient: Sendable {
    let stream = AsyncStream.makeStream(of: Void.self)
    let hasEnded = Mutex(false)
    var part: Household.Part {
      .init(
        run: {
          for await _ in self.stream.stream {}
          self.hasEnded.withLock { $0 = true }
        }, shutDown: { self.stream.continuation.finish() })
    }
  }

  @Test("A request ends all parts, after it was told")
  func request() async throws {
    let (one, other) = (Patient(), Patient())
    let signals = ShutdownSignals()
    let told = Mutex<[String]>([])
    async let ended: Void = Household(parts: [one.part, other.part]).run(until: signals) { name in
      told.withLock { $0.append(name) }
    }
    signals.receive("SIGTERM", endAtOnce: {})
    try await ended
    #expect(told.withLock { $0 } == ["SIGTERM"])
    #expect(one.hasEnded.withLock { $0 } && other.hasEnded.withLock { $0 })
  }

  @Test("A part that fails ends the others, and its error is the household's")
  func failure() async {
    let patient = Patient()
    let failing = Household.Part(
      run: { throw CommandFailure(.failure, "port taken") }, shutDown: {})
    await #expect(throws: CommandFailure(.failure, "port taken")) {
      try await Household(parts: [patient.part, failing]).run(until: ShutdownSignals()) { _ in }
    }
    #expect(patient.hasEnded.withLock { $0 })
  }
}
