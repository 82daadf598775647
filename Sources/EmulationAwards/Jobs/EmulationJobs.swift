public import Foundation
import JobQueue
public import JobWorker

/// The queues of the domain: recalculations that a meeting waits for never stand behind a hundred
/// reports or mails.
enum EmulationQueue {
  static let scores = "scores"
  static let reports = "reports"
  static let notices = "notices"
  static let all = [scores, reports, notices]
}

/// The domain's job types with what they need to run.
public struct EmulationJobs: Sendable {
  /// Names of the queues that a worker of the domain works on.
  public static var queues: [String] { EmulationQueue.all }

  let store: EmulationStore
  let renderer: any ReportRendering
  let transport: any NoticeTransport
  let reportsFolder: URL

  /// - Parameter reportsFolder: where rendered files go; made when the first one comes.
  public init(
    store: EmulationStore, renderer: any ReportRendering, transport: any NoticeTransport,
    reportsFolder: URL
  ) {
    self.store = store
    self.renderer = renderer
    self.transport = transport
    self.reportsFolder = reportsFolder
  }

  public func register(in registry: inout JobRegistry) {
    registry.register(RecalculateScore.self) { try await $0.run(store, $1) }
    registry.register(FinalizePeriod.self) { try await $0.run(store, $1) }
    registry.register(RenderReport.self) {
      try await $0.run(store, renderer, folder: reportsFolder, $1)
    }
    registry.register(FanOutDecision.self) { try await $0.run(store, $1) }
    registry.register(SendNotice.self) { try await $0.run(store, transport, $1) }
  }
}
