import JobQueueTesting
import Testing

@testable import JobWorker

@Suite("Wake ladder")
struct WakeLadderTests {
  private let start = Moment(nanoseconds: 1_000_000_000)

  /// A ladder whose queue was found empty and whose sleep the server has confirmed; the claim that
  /// follows has left.
  private var asleep: WakeLadder {
    var ladder = WakeLadder()
    _ = ladder.claimed(0, of: 10, at: start)
    ladder.sleepBegan(before: 100, isRated: false)
    ladder.asked()
    return ladder
  }

  @Test("a queue with jobs is asked again at once")
  func busy() {
    var ladder = WakeLadder()
    #expect(ladder.claimed(3, of: 10, at: start) == .none)
    #expect(ladder.mayClaim(at: start))
  }

  @Test("an empty queue puts the worker to sleep, with one more claim after the lock")
  func fallingAsleep() {
    var ladder = WakeLadder()
    #expect(ladder.claimed(0, of: 10, at: start) == .beginSleep)
    #expect(!ladder.mayClaim(at: start))
    ladder.sleepBegan(before: 100, isRated: false)
    #expect(ladder.mayClaim(at: start))
    ladder.asked()
    #expect(ladder.claimed(0, of: 10, at: start) == .none)
    #expect(!ladder.mayClaim(at: start))
  }

  @Test("a sleeper asks again after 5, 20, 80, 320 ms and then every second")
  func steps() {
    var ladder = asleep
    var now = start
    var waits: [Duration] = []
    for _ in 0..<7 {
      _ = ladder.claimed(0, of: 10, at: now)
      let next = ladder.nextPoll ?? now
      waits.append(next - now)
      now = next
    }
    #expect(waits == [5, 20, 80, 320, 1000, 1000, 1000].map { .milliseconds($0) })
  }

  @Test(
    "once no transaction is left from before the lock, notifications are trusted after one more claim"
  )
  func trusting() {
    var ladder = asleep
    _ = ladder.claimed(0, of: 10, at: start)
    ladder.saw(horizon: 99, isRated: false, at: start)
    #expect(!ladder.mayClaim(at: start))
    ladder.saw(horizon: 100, isRated: false, at: start)
    #expect(ladder.mayClaim(at: start))
    ladder.asked()
    for found in [0, 3] {
      _ = ladder.claimed(found, of: 10, at: start)
      #expect(ladder.nextPoll == start + .seconds(10))
    }
    ladder.saw(horizon: 200, isRated: false, at: start)
    #expect(ladder.nextPoll == start + .seconds(10))
  }

  @Test("a queue with a rate is never trusted, and one that gets a rate no longer")
  func rated() {
    var ladder = asleep
    _ = ladder.claimed(0, of: 10, at: start)
    ladder.saw(horizon: 100, isRated: true, at: start)
    #expect(ladder.nextPoll == start + .milliseconds(5))
    ladder.saw(horizon: 100, isRated: false, at: start)
    ladder.asked()
    _ = ladder.claimed(0, of: 10, at: start)
    ladder.saw(horizon: 100, isRated: true, at: start)
    #expect(ladder.nextPoll == start + .seconds(1))
  }

  @Test("a notification that comes while a claim is under way leads to another claim")
  func notifiedMeanwhile() {
    var ladder = asleep
    ladder.saw(horizon: 100, isRated: false, at: start)
    for found in [0, 3] {
      ladder.asked()
      _ = ladder.notified(at: start)
      _ = ladder.claimed(found, of: 10, at: start)
      #expect(ladder.mayClaim(at: start))
    }
    ladder.asked()
    _ = ladder.claimed(0, of: 10, at: start)
    #expect(!ladder.mayClaim(at: start + .seconds(9)))
  }

  @Test("a queue is asked a little early when others are asked anyway")
  func joining() {
    var ladder = asleep
    _ = ladder.claimed(0, of: 10, at: start)
    #expect(!ladder.mayJoin(at: start + .milliseconds(2)))
    #expect(ladder.mayJoin(at: start + .milliseconds(4)))
    #expect(!ladder.mayClaim(at: start + .milliseconds(4)))
  }

  @Test("a notification lets a sleeper claim at once")
  func notified() {
    var ladder = asleep
    _ = ladder.claimed(0, of: 10, at: start)
    #expect(ladder.notified(at: start) == .none)
    #expect(ladder.mayClaim(at: start))
    #expect(ladder.sleep == .asleep)
  }

  @Test("where no transaction was open, notifications are trusted after the claim behind the lock")
  func nothingOpen() {
    for isRated in [false, true] {
      var ladder = WakeLadder()
      _ = ladder.claimed(0, of: 10, at: start)
      ladder.sleepBegan(before: 0, isRated: isRated)
      #expect(ladder.mayClaim(at: start))
      ladder.asked()
      #expect(ladder.claimed(0, of: 10, at: start) == .none)
      #expect(ladder.nextPoll == start + (isRated ? .milliseconds(5) : .seconds(10)))
    }
  }

  @Test("a claim that left before the server's word is followed by another")
  func claimUnderWay() {
    var ladder = WakeLadder()
    _ = ladder.claimed(0, of: 10, at: start)
    ladder.asked()
    ladder.sleepBegan(before: 0, isRated: false)
    _ = ladder.claimed(0, of: 10, at: start)
    #expect(ladder.mayClaim(at: start))

    ladder = asleep
    ladder.saw(horizon: 100, isRated: false, at: start)
    _ = ladder.claimed(0, of: 10, at: start)
    #expect(ladder.mayClaim(at: start))
  }

  @Test("a worker of thousands of queues looks a hundred times a second at most")
  func manyQueues() {
    #expect(WakeLadder.trustingStep(queues: 1000) == .seconds(10))
    var ladder = WakeLadder(trustingStep: WakeLadder.trustingStep(queues: 10_000))
    _ = ladder.claimed(0, of: 10, at: start)
    ladder.sleepBegan(before: 0, isRated: false)
    ladder.asked()
    _ = ladder.claimed(0, of: 10, at: start)
    #expect(ladder.nextPoll == start + .seconds(100))
  }

  @Test("a full claim is followed by another, and two in a row end the sleep")
  func fullClaim() {
    var ladder = asleep
    #expect(ladder.claimed(10, of: 10, at: start) == .none)
    #expect(ladder.mayClaim(at: start))
    #expect(ladder.claimed(3, of: 10, at: start) == .none)
    #expect(!ladder.mayClaim(at: start))
    #expect(ladder.claimed(10, of: 10, at: start) == .none)
    #expect(ladder.claimed(10, of: 10, at: start) == .endSleep)
    ladder.sleepEnded()
    #expect(ladder.sleep == .awake)
  }

  @Test("a claim that found nothing while the sleep ended does not keep the worker from asking")
  func emptyClaimWhileWakingUp() {
    var ladder = asleep
    ladder.saw(horizon: 100, isRated: false, at: start)
    _ = ladder.claimed(10, of: 10, at: start)
    #expect(ladder.claimed(10, of: 10, at: start) == .endSleep)
    _ = ladder.claimed(0, of: 10, at: start)
    #expect(ladder.mayClaim(at: start + .milliseconds(5)))
    ladder.sleepEnded()
    #expect(ladder.mayClaim(at: start))
  }

  @Test("a queue is left alone for over a second only under the lock that has producers notify")
  func neverDeaf() {
    var generator = SeededGenerator(20_261_129)
    for _ in 0..<2000 {
      var ladder = WakeLadder()
      var now = start
      var story: [String] = []
      for _ in 0..<40 {
        now = now + .milliseconds(Int.random(in: 0...30, using: &generator))
        story.append(step(&ladder, at: now, using: &generator))
        let isDeaf = ladder.sleep != .asleep && !ladder.mayClaim(at: now + .seconds(1))
        #expect(!isDeaf, "\(story)")
        if isDeaf { return }
      }
    }
  }

  /// Something that may come next; returns what.
  private func step(
    _ ladder: inout WakeLadder, at now: Moment, using generator: inout SeededGenerator
  ) -> String {
    switch Int.random(in: 0..<8, using: &generator) {
    case 0...2:
      let found = [0, 3, 10].randomElement(using: &generator) ?? 0
      return "claimed \(found): \(ladder.claimed(found, of: 10, at: now))"
    case 3: return "notified: \(ladder.notified(at: now))"
    case 4:
      ladder.asked()
      return "asked"
    case 5:
      ladder.saw(horizon: 100, isRated: Bool.random(using: &generator), at: now)
      return "saw"
    case 6 where ladder.sleep == .fallingAsleep:
      ladder.sleepBegan(before: 100, isRated: false)
      return "sleep began"
    case 6:
      ladder.sleepEnded()
      return "sleep ended"
    default:
      ladder.listenerLost()
      return "listener lost"
    }
  }

  @Test("notifications that come thick and fast end the sleep")
  func manyNotifications() {
    var ladder = asleep
    var actions: [WakeLadder.Action] = []
    for millisecond in 0..<20 {
      actions.append(ladder.notified(at: start + .milliseconds(millisecond)))
    }
    #expect(actions.last == .endSleep)
    #expect(actions.dropLast().allSatisfy { $0 == .none })
  }

  @Test("notifications now and then do not")
  func fewNotifications() {
    var ladder = asleep
    for tenth in 0..<50 {
      #expect(ladder.notified(at: start + .milliseconds(tenth * 100)) == .none)
    }
  }

  @Test("without a listening connection the asking goes on")
  func listenerLost() {
    var ladder = asleep
    _ = ladder.claimed(0, of: 10, at: start)
    ladder.listenerLost()
    #expect(ladder.sleep == .awake)
    #expect(ladder.mayClaim(at: start + .milliseconds(5)))
  }
}
