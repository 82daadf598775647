import EmulationAwards
import Foundation
import JobQueue
import JobWorker

/// `ong up --once`: the bloc's whole year from the units' forms to the notices, without a browser.
struct MainJob: Sendable {
  let application: Application
  let sample: SampleData
  let work: WorkOptions

  func run(_ signals: ShutdownSignals) async throws {
    let store = application.store
    let before = try await notices(in: store).filter { $0.state == .sent }.count
    let imported = try await store.importSample(sample, closing: true)
    let worker = try application.worker(work)
    // A Household, so that Ctrl-C drains here too.
    let household = Household(parts: [
      .init(run: { try await worker.drained() }, shutDown: { worker.shutDown() })
    ])
    try await household.run(until: signals, onRequest: work.announceDrain)
    if let signal = signals.requestedBy {
      throw CommandFailure(.interrupted, "stopped by \(signal) before the work was done")
    }
    var result = MainJobResult(
      imported: imported, ranking: try await store.ranking(of: sample.key),
      inputRevision: try await store.blocPeriod(sample.key).inputRevision,
      reports: try await store.reports(of: sample.key), notices: try await notices(in: store),
      reportsFolder: application.folders.reports,
      destination: application.mail.destination(maildir: application.folders.mail))
    result.sentNow = result.notices.filter { $0.state == .sent }.count - before
    result.troubledJobs = try await troubledJobs()
    Terminal.printLines(result.lines(width: Terminal.width()))
    if let problem = result.problem { throw problem }
  }

  private func notices(in store: EmulationStore) async throws -> [Notice] {
    guard try await store.blocPeriods().contains(where: { $0.key == sample.key }) else { return [] }
    return try await store.notices(of: sample.key)
  }

  /// Jobs of the domain that failed: dead, or waiting for another attempt.
  private func troubledJobs() async throws -> [JobSummary] {
    var found: [JobSummary] = []
    for state in [JobState.dead, .retrying, .parked] {
      for name in EmulationJobs.queues {
        found += try await application.queue.jobs(JobFilter(queue: name, state: state))
      }
    }
    return found
  }
}
