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
    served[0].plan.claimSent(3)
    served[0].plan.claimAnswered(3, of: 3, at: now)
    accept(Self.claim(jobs: 3), queue: 0, at: now)
    guard let batch = open.values.first?.batch else { return -1 }
    for _ in 0..<2 { if let place = batch.take() { _ = batch.finish(place, nil) } }
    note(batch, at: now)
    if let place = batch.take() { _ = batch.finish(place, nil) }
    let settlements = takeSettlements(at: now + .seconds(1))
    return settlements.map(\.isFinal) == [true] && open.isEmpty ? served[0].plan.inHand : -1
  }

  private static func claim(jobs: Int) -> QueryResult {
    func bytes(_ value: some FixedWidthInteger) -> [UInt8] {
      withUnsafeBytes(of: value.bigEndian) { Array($0) }
    }
    return .synthetic(
      columns: SlotHarness.claimColumns,
      rows: (1...jobs).map { id in
        [
          bytes(Int32(2)), bytes(Int64(1)), bytes(Int64(id)), bytes(Int16(1)), bytes(Int16(0)),
          Array("late".utf8), [1] + Array("{}".utf8), bytes(Int64(0)), nil,
        ]
      })
  }
}
