import Testing

@testable import JobWorker

@Suite("Claim plan")
struct ClaimPlanTests {
  private let start = Moment(nanoseconds: 1_000_000_000)

  @Test("an idle queue asks for one job a slot")
  func firstClaim() {
    let plan = ClaimPlan(slots: 4)
    #expect(plan.claimSize == 4)
  }

  @Test("nothing more is asked for while a claim is under way")
  func oneClaimAtATime() {
    var plan = ClaimPlan(slots: 4)
    plan.claimSent(4)
    #expect(plan.claimSize == 0)
    plan.claimFailed(4)
    #expect(plan.claimSize == 4)
  }

  @Test("long jobs are claimed only for free slots")
  func longJobs() {
    var plan = ClaimPlan(slots: 4)
    plan.claimSent(4)
    plan.claimAnswered(4, of: 4, at: start)
    var now = start
    for _ in 0..<20 {
      now = now + .seconds(1)
      plan.finished(1, at: now)
      #expect(plan.claimSize == 1)
      plan.claimSent(1)
      plan.claimAnswered(1, of: 1, at: now)
    }
    #expect(plan.inHand == 4)
  }

  @Test("quick jobs are claimed ahead, up to five of the largest claims")
  func quickJobs() {
    var plan = ClaimPlan(slots: 4, largestClaim: 1000)
    var now = start
    for _ in 0..<10 {
      let size = plan.claimSize
      plan.claimSent(size)
      plan.claimAnswered(size, of: size, at: now)
      // 1 µs a job
      now = now + .microseconds(plan.inHand)
      plan.finished(plan.inHand, at: now)
    }
    #expect(plan.wanted == 5000)
    #expect(plan.claimSize == 1000)
  }

  @Test("where full claims follow each other, three are under way")
  func overlap() {
    var plan = ClaimPlan(slots: 4, largestClaim: 100)
    var now = start
    while plan.wanted < 500 {
      let size = plan.claimSize
      plan.claimSent(size)
      #expect(plan.claimSize == 0)
      plan.claimAnswered(size, of: size, at: now)
      now = now + .microseconds(plan.inHand)
      plan.finished(plan.inHand, at: now)
    }
    plan.claimSent(100)
    plan.claimAnswered(100, of: 100, at: now)
    for _ in 0..<3 {
      #expect(plan.claimSize == 100)
      plan.claimSent(100)
    }
    #expect(plan.claimSize == 0)
    plan.finished(100, at: now)
    #expect(plan.claimSize == 0)
    plan.claimAnswered(100, of: 100, at: now)
    #expect(plan.claimSize == 100)
    // The queue is running empty.
    plan.claimAnswered(100, of: 100, at: now)
    plan.claimAnswered(99, of: 100, at: now)
    plan.finished(299, at: now)
    plan.claimSent(100)
    #expect(plan.claimSize == 0)
  }

  @Test("one claim grows at most fourfold over the one before")
  func growth() {
    var plan = ClaimPlan(slots: 1)
    plan.claimSent(1)
    plan.claimAnswered(1, of: 1, at: start)
    plan.finished(1, at: start + .microseconds(1))
    #expect(plan.wanted <= 128)
  }

  @Test("what lay here for too long sets the plan back to small claims")
  func overestimate() {
    var plan = ClaimPlan(slots: 2)
    for _ in 0..<8 {
      let size = plan.claimSize
      plan.claimSent(size)
      plan.claimAnswered(size, of: size, at: start)
      plan.finished(plan.inHand, at: start + .microseconds(10))
    }
    #expect(plan.wanted > 100)
    plan.overestimated()
    #expect(plan.wanted == 2)
  }

  @Test("slots that still run lost jobs are not claimed for")
  func blockedSlots() {
    var plan = ClaimPlan(slots: 4)
    plan.blocked = 3
    #expect(plan.claimSize == 1)
    plan.blocked = 4
    #expect(plan.claimSize == 0)
  }
}
