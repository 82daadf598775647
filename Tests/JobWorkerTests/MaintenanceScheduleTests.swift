import Testing

@testable import JobWorker

@Suite("Maintenance schedule")
struct MaintenanceScheduleTests {
  private let start = Moment(nanoseconds: 1_000_000_000)

  private var settled: MaintenanceSchedule {
    var schedule = MaintenanceSchedule(at: start)
    for step in MaintenanceSchedule.Step.allCases { schedule.did(step, at: start) }
    return schedule
  }

  @Test("a new leader does everything at once")
  func everything() {
    let schedule = MaintenanceSchedule(at: start)
    #expect(MaintenanceSchedule.Step.allCases.allSatisfy { schedule.isDue($0, at: start) })
  }

  @Test("old heartbeats count only once all workers had time to send a new one")
  func staleness() {
    let schedule = MaintenanceSchedule(at: start)
    #expect(schedule.staleness(at: start + .seconds(14)) > .seconds(60))
    #expect(schedule.staleness(at: start + .seconds(15)) == .seconds(15))
  }

  @Test("a near due time is met exactly, a far one is left to a later look")
  func promotion() {
    var schedule = settled
    schedule.promoted(3, of: 1000, nextIn: .milliseconds(40), at: start)
    #expect(schedule.next == start + .milliseconds(40))
    for wait in [Duration.seconds(3600), nil] {
      schedule = settled
      schedule.promoted(0, of: 1000, nextIn: wait, at: start)
      #expect(!schedule.isDue(.promoteDue, at: start + .seconds(60)))
      #expect(schedule.next == start + MaintenanceSchedule.lookInterval)
    }
  }

  @Test("nothing is done but looking until a look finds something")
  func looking() {
    var schedule = settled
    let steps = MaintenanceSchedule.Step.allCases.filter { $0 != .look && $0 != .prune }
    schedule.saw(.init(nextDue: .seconds(2), nextTick: .seconds(5)), at: start)
    #expect(!steps.contains { schedule.isDue($0, at: start + .seconds(50)) })
    schedule.saw(
      .init(
        isWorkerLost: true, nextDue: .seconds(-1), nextTick: .zero, nextWait: .milliseconds(7),
        isRotationDue: true, isSummaryDue: true, areKindsParked: true), at: start)
    #expect(steps.filter { !schedule.isDue($0, at: start) } == [.settleWaits])
    #expect(schedule.isDue(.settleWaits, at: start + .milliseconds(7)))
    for step in steps { schedule.did(step, at: start) }
    #expect(!steps.contains { schedule.isDue($0, at: start + .seconds(50)) })
  }

  @Test("a full batch of promotions is followed by another at once")
  func fullBatch() {
    var schedule = settled
    schedule.promoted(1000, of: 1000, nextIn: .seconds(5), at: start)
    #expect(schedule.isDue(.promoteDue, at: start))
  }

  @Test("a job that was put off for a moment brings the next promotion forward, never back")
  func expectation() {
    var schedule = settled
    schedule.expect(.promoteDue, dueAt: start + .milliseconds(50))
    schedule.expect(.promoteDue, dueAt: start + .milliseconds(900))
    #expect(schedule.next == start + .milliseconds(50))
  }

  @Test("what is heard while a look is under way is not forgotten")
  func heardMeanwhile() {
    var schedule = settled
    schedule.begin(.promoteDue)
    schedule.expect(.promoteDue, dueAt: start + .milliseconds(5))
    schedule.promoted(0, of: 1000, nextIn: nil, at: start + .milliseconds(1))
    #expect(schedule.next == start + .milliseconds(5))
  }

  @Test("however many ask for a look, there is a breath between two")
  func breath() {
    var schedule = settled
    schedule.begin(.promoteDue)
    schedule.promoted(0, of: 1000, nextIn: nil, at: start)
    for _ in 0..<100 { schedule.expect(.promoteDue, dueAt: start) }
    #expect(schedule.next == start + .milliseconds(2))
  }

  @Test("a tick is met exactly, and one that somebody else holds is looked at again soon")
  func ticks() {
    var schedule = settled
    schedule.begin(.fireSchedules)
    schedule.fired(1, nextIn: .milliseconds(30), at: start)
    #expect(schedule.next == start + .milliseconds(30))
    schedule.begin(.fireSchedules)
    schedule.fired(0, nextIn: .milliseconds(-3), at: start)
    #expect(schedule.next == start + .milliseconds(100))
    schedule.begin(.fireSchedules)
    schedule.fired(0, nextIn: nil, at: start)
    #expect(!schedule.isDue(.fireSchedules, at: start + .seconds(3600)))
    schedule.expect(.fireSchedules, dueAt: start + .seconds(1))
    #expect(schedule.isDue(.fireSchedules, at: start + .seconds(1)))
  }
}
