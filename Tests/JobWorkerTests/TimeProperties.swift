import JobQueueTesting
import Testing

@testable import JobWorker

/// The worker's machines that are told the time, under events in any order.
@Suite("The worker's machines, in any order")
struct TimeProperties {
  private static func pass(_ now: inout Moment, _ random: inout SeededGenerator) {
    let longest = [0, 2, 40, 1500, 40_000].randomElement(using: &random)!
    now = now + .milliseconds(Int.random(in: 0...longest, using: &random))
  }

  @Test(
    "results that were noted leave within the flush age, and each refused settlement comes back")
  func results() async throws {
    try await forEachSeed(rounds: 1000) { random in
      var now = Moment(nanoseconds: 1_000_000_000)
      var buffer = ResultBuffer(flushAge: .milliseconds(3), flushSize: 10)
      var noted: [ClaimKey: Moment] = [:]
      var away: [Int64: Moment] = [:]
      for number in 0..<Int64.random(in: 1...80, using: &random) {
        switch Int.random(in: 0..<5, using: &random) {
        case 0...1:
          let key = ClaimKey(lane: 6, seq: Int64.random(in: 0..<4, using: &random))
          let results = Int.random(in: 1...12, using: &random)
          buffer.note(key, results: results, isDone: Bool.random(using: &random), at: now)
          noted[key] = min(noted[key] ?? .never, now)
        case 2:
          var settlement = Settlement(
            key: .init(lane: 6, seq: 1), ids: [number], isWhole: true, isFinal: true, notes: [])
          settlement.refusals = Int.random(in: 0...40, using: &random)
          if Bool.random(using: &random) {
            buffer.postpone(settlement, at: now)
            away[number] = now + .seconds(30)
          } else {
            buffer.resend([settlement], at: now)
            away[number] = now
          }
        default: break
        }
        if buffer.isDue(at: now) || Int.random(in: 0..<4, using: &random) == 0 {
          for key in buffer.takeKeys(at: now) {
            try hold(noted.removeValue(forKey: key) != nil, "\(key) was not noted")
          }
          for some in buffer.takePostponed(at: now) {
            try hold(away.removeValue(forKey: some.ids[0]) != nil, "\(some.ids) came twice")
          }
        }
        try hold(buffer.isEmpty == (noted.isEmpty && away.isEmpty), "empty: \(buffer.isEmpty)")
        let latest = (noted.values.map { $0 + .milliseconds(3) } + Array(away.values)).min()
        try hold(
          latest.map { (buffer.due ?? .never) <= $0 } ?? (buffer.due == nil), "due too late")
        Self.pass(&now, &random)
      }
      _ = buffer.takeKeys(at: now + .milliseconds(3))
      let rest = buffer.takePostponed(at: now + .seconds(31))
      try hold(Set(rest.map { $0.ids[0] }) == Set(away.keys), "settlements were lost")
      try hold(buffer.isEmpty, "something stays for ever")
    }
  }

  @Test("a shutdown says each thing once, in its order, and ends by grace and patience")
  func shutdown() async throws {
    try await forEachSeed(rounds: 1000) { random in
      var now = Moment(nanoseconds: 1_000_000_000)
      var state = ShutdownState()
      var said: [ShutdownState.Action] = []
      var latest = Moment.never
      for _ in 0..<Int.random(in: 1...40, using: &random) {
        var action = ShutdownState.Action.none
        switch Int.random(in: 0..<12, using: &random) {
        case 0...1:
          let grace = Bool.random(using: &random) ? Duration.seconds(25) : nil
          action = state.request(grace: grace, at: now)
          if action == .stopClaiming, let grace { latest = now + grace + ShutdownState.patience }
        case 2:
          let isDraining = said.last == .stopClaiming
          state.hurry(grace: .seconds(5), at: now)
          if isDraining { latest = min(latest, now + .seconds(5) + ShutdownState.patience) }
        case 3 where said.count > 1: action = state.abort()
        default: action = state.tick(isIdle: Int.random(in: 0..<6, using: &random) == 0, at: now)
        }
        if action != .none { said.append(action) }
        try hold(state.mayClaim == said.isEmpty, "claims after \(said)")
        try hold(state.isOver == [.retire, .close].contains(said.last), "over: \(state.phase)")
        try hold(state.deadline.map { $0 <= latest } ?? true, "\(state.phase) is past \(latest)")
        Self.pass(&now, &random)
        // It is asked for its deadline and driven on time.
        if let deadline = state.deadline, deadline < now { now = deadline }
      }
      let order: [ShutdownState.Action] = [.stopClaiming, .cancelRunning, .retire]
      let isInOrder = said.filter { $0 != .close }.elementsEqual(order.filter(said.contains))
      try hold(isInOrder && said.count { [.retire, .close].contains($0) } <= 1, "said \(said)")
    }
  }

  @Test(
    "an idle queue is asked again, no notification is lost, a sleep is begun and ended by turns")
  func wakeLadder() async throws {
    try await forEachSeed(rounds: 1000) { random in
      var now = Moment(nanoseconds: 1_000_000_000)
      var ladder = WakeLadder()
      var underWay: WakeLadder.Action?
      var hasLock = false
      var trusts = false
      var boundary: Int64 = 100
      for _ in 0..<Int.random(in: 1...200, using: &random) {
        var action = WakeLadder.Action.none
        switch Int.random(in: 0..<10, using: &random) {
        case 0...2 where ladder.mayJoin(at: now):
          let found = [0, 0, 3, 10].randomElement(using: &random)!
          ladder.asked()
          let isNotified = Bool.random(using: &random)
          if isNotified { action = ladder.notified(at: now) }
          let next = ladder.claimed(found, of: 10, at: now)
          if action == .none { action = next }
          let isAsleep = ladder.sleep == .asleep
          try hold(!isNotified || !isAsleep || ladder.mayClaim(at: now), "a notice was lost")
        case 3...4:
          action = ladder.notified(at: now)
          try hold(ladder.mayClaim(at: now), "no claim after a notice")
        case 9:
          let horizon = Int64.random(in: 0...200, using: &random)
          ladder.saw(horizon: horizon, isRated: Bool.random(using: &random), at: now)
          trusts = trusts || horizon >= boundary
        case 5: ladder.refused(at: now)
        case 6 where underWay == .beginSleep:
          boundary = Bool.random(using: &random) ? 0 : 100
          let isRated = Bool.random(using: &random)
          ladder.sleepBegan(before: boundary, isRated: isRated)
          trusts = boundary == 0 && !isRated
          (underWay, hasLock) = (nil, true)
          try hold(ladder.mayClaim(at: now), "no claim after the lock was taken")
        case 6 where underWay == .endSleep:
          ladder.sleepEnded()
          (underWay, hasLock) = (nil, false)
        case 7:
          ladder.listenerLost()
          (underWay, hasLock) = (nil, false)
        default: break
        }
        if action != .none {
          try hold(underWay == nil, "\(action) while \(underWay!) is under way")
          underWay = action
        }
        let longest = trusts ? WakeLadder.trustingStep(queues: 1) : .seconds(1)
        try hold(ladder.mayClaim(at: now + longest), "asked no more")
        try hold(ladder.sleep != .asleep || hasLock, "asleep without the lock")
        let state: WakeLadder.Action? =
          [.fallingAsleep: .beginSleep, .wakingUp: .endSleep][ladder.sleep]
        try hold(state == underWay, "\(ladder.sleep) while \(String(describing: underWay))")
        Self.pass(&now, &random)
      }
    }
  }

  @Test("a plan never claims more than it may, and never lets free slots wait")
  func claimPlan() async throws {
    try await forEachSeed(rounds: 1000) { random in
      var now = Moment(nanoseconds: 1_000_000_000)
      let slots = Int.random(in: 1...20, using: &random)
      let jobs = Int.random(in: 1...3, using: &random)
      var plan = ClaimPlan(slots: slots, jobsPerSlot: jobs, largestClaim: 100)
      var underWay: [Int] = []
      for _ in 0..<Int.random(in: 1...200, using: &random) {
        let size = plan.claimSize
        try hold(size >= 0 && size <= 100, "claims \(size)")
        try hold(plan.rate.isFinite && plan.rate >= 0, "rate \(plan.rate)")
        try hold(plan.inHand <= max(slots * jobs, slots + 500) + 100, "in hand \(plan.inHand)")
        try hold(plan.asked == underWay.reduce(0, +), "asked \(plan.asked), got: \(underWay)")
        try hold(underWay.isEmpty || size == 0 || size == 100, "\(size) behind \(underWay)")
        try hold(underWay.count < 3 || size == 0, "\(size) behind \(underWay)")
        let isIdle = plan.inHand < (slots - plan.blocked) * jobs
        try hold(plan.asked > 0 || !isIdle || size > 0, "slots are free and nothing is claimed")
        switch Int.random(in: 0..<8, using: &random) {
        case 0...1 where size > 0:
          plan.claimSent(size)
          underWay.append(size)
        case 0...2 where !underWay.isEmpty:
          let asked = underWay.removeFirst()
          let isFull = Bool.random(using: &random)
          let count = isFull ? asked : Int.random(in: 0...asked, using: &random)
          plan.claimAnswered(count, of: asked, at: now)
        case 3 where !underWay.isEmpty: plan.claimFailed(underWay.removeFirst())
        case 4...5 where plan.inHand > 0:
          plan.finished(Int.random(in: 1...plan.inHand, using: &random), at: now)
        case 6: plan.blocked = Int.random(in: 0...slots, using: &random)
        case 7 where Int.random(in: 0..<5, using: &random) == 0:
          if Bool.random(using: &random) {
            plan.overestimated()
          } else {
            plan.dropAll()
            underWay = []
          }
        default: break
        }
        Self.pass(&now, &random)
      }
    }
  }

  @Test("each step of the maintenance comes again in its time, and what is expected is met")
  func maintenance() async throws {
    try await forEachSeed(rounds: 1000) { random in
      var now = Moment(nanoseconds: 1_000_000_000)
      var schedule = MaintenanceSchedule(at: now)
      for _ in 0..<Int.random(in: 1...100, using: &random) {
        for step in MaintenanceSchedule.Step.allCases where schedule.isDue(step, at: now) {
          schedule.begin(step)
          try hold(!schedule.isDue(step, at: now), "\(step) is due while it is done")
          if Bool.random(using: &random) {
            schedule.expect(step, dueAt: now + .milliseconds(1))
          }
          schedule.did(step, at: now)
          let wait = Duration.milliseconds(Int.random(in: -100...5000, using: &random))
          if step == .promoteDue {
            let found = Int.random(in: 0...10, using: &random)
            schedule.promoted(found, of: 10, nextIn: wait, at: now)
            let isPrompt = found < 10 || schedule.isDue(.promoteDue, at: now)
            try hold(isPrompt, "more is due and has to wait")
          }
          if step == .fireSchedules { schedule.fired(0, nextIn: wait, at: now) }
          if step == .look {
            schedule.saw(.init(isWorkerLost: true, nextWait: wait), at: now)
            try hold(schedule.isDue(.rescueLost, at: now), "a lost worker has to wait")
            let isMet =
              wait >= MaintenanceSchedule.lookInterval
              || schedule.isDue(.settleWaits, at: now + max(.zero, wait))
            try hold(isMet, "a wait ends late")
          }
        }
        try hold(schedule.next <= now + .seconds(60), "nothing is due for \(schedule.next)")
        let latest = now + MaintenanceSchedule.lookInterval
        try hold(schedule.isDue(.look, at: latest), "the next look comes too late")
        let moment = now + .milliseconds(Int.random(in: 2...900, using: &random))
        schedule.expect(.promoteDue, dueAt: moment)
        try hold(schedule.isDue(.promoteDue, at: moment), "what was expected is late")
        Self.pass(&now, &random)
      }
    }
  }
}
