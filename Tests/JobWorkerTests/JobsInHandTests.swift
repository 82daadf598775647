import JobQueue
import LibpqClient
import Logging
import Testing

@testable import JobWorker

@Suite("Jobs in hand")
struct JobsInHandTests {
  /// Were they forgotten, the worker would claim less and less, and one day nothing.
  @Test("jobs that finish between the news of a claim and its report are in hand no more")
  func lateFinish() async throws {
    let engine = WorkerEngine(
      database: ConnectionConfiguration(), registry: JobRegistry(),
      settings: WorkerConfiguration(queues: ["late": 4], isolatesSuspects: false),
      logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }, tellMaintainer: { _ in })
    #expect(await engine.inHandAfterLateFinish() == 0)
  }
}

extension WorkerEngine {
  /// Three jobs are claimed and finish, the last one after the engine has looked.
  fileprivate func inHandAfterLateFinish() -> Int {
    let now = Moment.now
    served.update(0) {
      $0.plan.claimSent(3)
      $0.plan.claimAnswered(3, of: 3, at: now)
    }
    accept(
      ClaimAnswer(SlotHarness.answer(jobs: 3, kind: "late", json: "{}")), queue: 0, at: now)
    guard let batch = open.values.first?.batch else { return -1 }
    for _ in 0..<2 { if let place = batch.take() { _ = batch.finish(place, nil) } }
    note(batch, at: now)
    if let place = batch.take() { _ = batch.finish(place, nil) }
    let settlements = takeSettlements(at: now + .seconds(1))
    return settlements.map(\.isFinal) == [true] && open.isEmpty ? served[0].plan.inHand : -1
  }
}
