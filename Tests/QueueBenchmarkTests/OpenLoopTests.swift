import Testing

@testable import QueueBenchmark

@Suite("Open loop")
struct OpenLoopTests {
  @Test("jobs are due at the offered rate, the first at once")
  func due() {
    let plan = OpenLoop(rate: 1000, seconds: 2)
    #expect(plan.jobs == 2000)
    #expect(plan.due(at: -1) == 0)
    #expect(plan.due(at: 0) == 1)
    #expect(plan.due(at: 999_999) == 1)
    #expect(plan.due(at: 1_000_000) == 2)
    #expect(plan.due(at: .max / 2_000_000) == 2000)
    for index in [0, 1, 7, 1999] { #expect(plan.due(at: plan.intended(index)) == index + 1) }
  }

  /// A loop that waits for each answer would count one late job of the two thousand.
  @Test("a stall of the receiver shows in p99, for every job that was meant to be sent meanwhile")
  func stall() throws {
    let plan = OpenLoop(rate: 1000, seconds: 2)
    let recorder = LatencyRecorder()
    let stall = Int64(500_000_000)..<600_000_000
    var now = Int64(0)
    var sent = 0
    while sent < plan.jobs {
      if stall.contains(now) { now = stall.upperBound }
      while sent < plan.due(at: now) {
        recorder.record(nanoseconds: now - plan.intended(sent))
        sent += 1
      }
      now += 100_000
    }
    let latency = try #require(recorder.summary)
    #expect(latency.count == 2000)
    #expect(latency.p50 < 1)
    // 100 of 2000 jobs came 0 to 100 ms late: the last hundredth of all is 80 ms late or more.
    #expect(latency.p99 > 75)
    #expect(latency.max > 99)
  }
}
