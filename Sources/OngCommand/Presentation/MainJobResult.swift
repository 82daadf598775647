import EmulationAwards
import Foundation
import JobQueue

/// What `ong up --once` came to.
struct MainJobResult {
  var imported: SampleImport
  var ranking: Ranking?
  var inputRevision: Int64
  var reports: [ReportArtefact]
  var notices: [Notice]
  var reportsFolder: URL
  var destination: String
  /// Notices that went out in this run.
  var sentNow = 0
  var troubledJobs: [JobSummary] = []

  func lines(width: Int?) -> [String] {
    let kept = imported.kept.isEmpty ? "" : ", \(imported.kept.count) edited by others and kept"
    var lines = [
      "Bloc and period \(imported.key): \(imported.sent.count) sheets sent,"
        + " \(imported.unchanged.count) as before\(kept)"
    ]
    lines += ["", "Ranking"]
    lines += ranking.map { Table.ranking($0).lines(width: width) } ?? ["(none)"]
    lines += ["", "Report"]
    lines += reports.prefix(1).map {
      reportsFolder.appending(path: $0.path).path(percentEncoded: false)
    }
    lines += ["", "Notices: \(sentNow) sent now, to \(destination)"]
    lines += Table.notices(notices).lines(width: width)
    return lines
  }

  /// Why the run did not succeed; nil if it did.
  var problem: CommandFailure? {
    if let job = troubledJobs.first {
      return CommandFailure(
        .failure,
        "job \(job.id) (\(job.kind)) is \(job.state.rawValue): \(job.error ?? "no error")",
        advice: "see 'ong jobs show \(job.id)' while 'ong up' runs"
      )
    }
    guard let ranking, ranking.inputRevision == inputRevision else {
      return CommandFailure(.failure, "the ranking is not up to date")
    }
    if reports.isEmpty { return CommandFailure(.failure, "no report was rendered") }
    let unsent = notices.filter { $0.state != .sent }
    if let notice = unsent.first {
      return CommandFailure(
        .failure,
        "\(unsent.count) notices were not sent, the first to \(notice.recipient.email):"
          + " \(notice.state.rawValue), \(notice.trouble ?? "no reason recorded")")
    }
    return nil
  }
}
