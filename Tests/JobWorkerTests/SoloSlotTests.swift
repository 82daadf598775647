import Dispatch
import JobQueue
import Synchronization
import Testing

@testable import JobWorker

private struct Tick: JobPayload {
  static let kind = "test.tick"
}

/// How the one slot that runs quick jobs alone makes room for others.
@Suite("Quick jobs on one slot")
struct SoloSlotTests {
  private let start = Moment(nanoseconds: 1_000_000_000)

  @Test("one slot is at work as long as it gives signs, and another takes over when it does not")
  func signs() {
    let solo = SoloSlot()
    #expect(!solo.isAtWork(at: start))
    #expect(solo.mayTake(1, at: start) && solo.mayTake(2, at: start))
    solo.begin()
    #expect(solo.mayTake(1, at: start))
    #expect(solo.isAtWork(at: start) && !solo.mayTake(2, at: start))
    let later = start + .microseconds(150)
    solo.sign(2, at: later.nanoseconds)
    #expect(!solo.isAtWork(at: start + .microseconds(250)))
    solo.sign(1, at: later.nanoseconds)
    #expect(!solo.mayTake(2, at: start + .microseconds(250)))
    #expect(solo.mayTake(2, at: later + .microseconds(250)))
    #expect(!solo.mayTake(1, at: later + .microseconds(251)))
    solo.leave(1)
    #expect(solo.isAtWork(at: later + .microseconds(251)))
    solo.leave(2)
    #expect(!solo.isAtWork(at: later + .microseconds(251)))
    solo.end()
    #expect(solo.mayTake(1, at: later) && solo.mayTake(2, at: later))
  }

  @Test("a thread that comes back from a job's task is told from all others")
  func threads() async {
    let solo = SoloSlot()
    solo.begin()
    solo.appoint(3, at: start)
    solo.enter(4)
    #expect(!solo.wasLeft())
    solo.enter(3)
    await withCheckedContinuation { continuation in
      DispatchQueue(label: "other").async {
        #expect(!solo.wasLeft())
        continuation.resume()
      }
    }
    let mine = SoloSlot()
    mine.begin()
    mine.appoint(3, at: start)
    func leave(paused: Bool) -> Bool {
      mine.enter(3)
      if paused { mine.pause(3) }
      return mine.wasLeft()
    }
    #expect(!leave(paused: true))
    #expect(leave(paused: false))
    #expect(!mine.isAtWork(at: start))
  }

  @Test("the pace is that of some sixteen jobs, and one long one does not change it")
  func pace() {
    var pace = JobPace()
    #expect(!pace.isQuick && pace.isSlow)
    for _ in 0..<60 { pace.note(nanoseconds: 2_000) }
    #expect(pace.isQuick && !pace.isSlow)
    pace.note(nanoseconds: 50_000_000)
    #expect(!pace.isSlow)
    for _ in 0..<3 { pace.note(nanoseconds: 50_000_000) }
    #expect(pace.isSlow && !pace.isQuick)
  }

  @Test(
    "a quick job that suspends for once does not hold up those behind it", .timeLimit(.minutes(1)))
  func suspends() async {
    let next = Gate()
    await withOneSlot(keep: { await next.pass() }, free: { next.open() }, { _ in })
  }

  @Test(
    "a quick job that blocks for once does not hold up those behind it", .timeLimit(.minutes(1)))
  func blocks() async {
    let next = DispatchSemaphore(value: 0)
    @Sendable func wait() { next.wait() }
    await withOneSlot(keep: { wait() }, free: { next.signal() }, { $0.nudge() })
  }

  @Test("another slot helps where claims pile up", .timeLimit(.minutes(1)))
  func piledUp() async {
    let next = DispatchSemaphore(value: 0)
    @Sendable func wait() { next.wait() }
    let more = SlotHarness.answer(jobs: 1, kind: Tick.kind, json: "{}", claims: 3)
    await withOneSlot(keep: { wait() }, free: { next.signal() }, { $0.offer(more) })
  }

  /// One slot of four runs all jobs when one of them is kept until the job behind it has run.
  private func withOneSlot(
    keep: @escaping @Sendable () async -> Void, free: @escaping @Sendable () -> Void,
    _ whileKept: (SlotHarness) -> Void
  ) async {
    let isKept = Gate()
    let isWarm = Atomic(false)
    var registry = JobRegistry()
    registry.register(Tick.self) { _, context in
      guard isWarm.load(ordering: .relaxed) else { return }
      if context.id == 501 { free() }
      guard context.id == 500 else { return }
      isKept.open()
      await keep()
    }
    let harness = SlotHarness(registry, slots: 4, isQuick: true)
    let jobs = SlotHarness.answer(jobs: 1000, kind: Tick.kind, json: "{}")
    await harness.run(jobs)
    #expect(harness.isSolo)
    isWarm.store(true, ordering: .relaxed)
    async let end: Void = harness.run(jobs)
    await isKept.pass()
    whileKept(harness)
    await end
    harness.close()
  }
}
