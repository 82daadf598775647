import JobQueueTesting
import Testing

@testable import JobWorker

@Suite("Served queues")
struct ServedQueuesTests {
  @Test("the moments to ask are those of the queues, whatever has changed them")
  func moments() async throws {
    try await forEachSeed(rounds: 300) { random in
      var now = Moment(nanoseconds: 1_000_000_000)
      var served = Self.queues(7)
      for _ in 0..<60 {
        let place = Int.random(in: served.indices, using: &random)
        let change = Int.random(in: 0..<5, using: &random)
        served.update(place) { Self.change(&$0, change, at: now) }
        now = now + .milliseconds(Int.random(in: 0...30, using: &random))
        let hasRoom = served.indices.filter { served[$0].plan.claimSize > 0 }
        let due = hasRoom.map { served[$0].ladder.nextPoll ?? Moment(nanoseconds: 0) }
        try hold(served.earliest() == due.min() ?? .never, "earliest after \(change)")
        let joining = hasRoom.filter { served[$0].ladder.mayJoin(at: now) }
        try hold(served.joining(at: now, atMost: 7) == joining, "joining after \(change)")
      }
    }
  }

  @Test("of too many, those that have waited longest are asked")
  func longest() {
    var served = Self.queues(5)
    for (place, asked) in [40, 10, 50, 20, 30].enumerated() {
      served.update(place) { $0.askedAt = Moment(nanoseconds: Int64(asked)) }
    }
    #expect(served.joining(at: Moment(nanoseconds: 100), atMost: 2) == [1, 3])
    #expect(served.place(of: "queue 3") == 3)
    #expect(served.place(of: "another") == nil)
  }

  private static func queues(_ count: Int) -> ServedQueues {
    ServedQueues(
      (0..<count).map {
        ServedQueues.Served(name: "queue \($0)", plan: ClaimPlan(slots: 2), ladder: WakeLadder())
      })
  }

  private static func change(_ queue: inout ServedQueues.Served, _ change: Int, at now: Moment) {
    switch change {
    case 0: queue.plan.claimSent(queue.plan.claimSize)
    case 1: _ = queue.ladder.claimed(0, of: 2, at: now)
    case 2: _ = queue.ladder.notified(at: now)
    case 3: queue.ladder.refused(at: now)
    default: queue.plan.dropAll()
    }
  }
}
