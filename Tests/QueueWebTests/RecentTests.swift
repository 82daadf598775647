import Synchronization
import Testing

@testable import QueueWeb

@Suite(.timeLimit(.minutes(1)))
struct RecentTests {
  private struct Failure: Error {}

  @Test func `many who ask at once share one reading`() async throws {
    let readings = Atomic(0)
    let recent = Recent(for: .seconds(3600)) {
      readings.add(1, ordering: .relaxed).newValue
    }
    try await withThrowingTaskGroup(of: Int.self) { tasks in
      for _ in 0..<50 { tasks.addTask { try await recent.value() } }
      for try await value in tasks { #expect(value == 1) }
    }
  }

  @Test func `an error is not kept`() async throws {
    let readings = Atomic(0)
    let recent = Recent(for: .seconds(3600)) {
      let reading = readings.add(1, ordering: .relaxed).newValue
      if reading == 1 { throw Failure() }
      return reading
    }
    await #expect(throws: Failure.self) { try await recent.value() }
    var value: Int?
    while value == nil, !Task.isCancelled { value = try? await recent.value() }
    #expect(value == 2)
  }
}
