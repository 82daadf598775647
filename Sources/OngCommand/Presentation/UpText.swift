import EmulationAwards
import Foundation
import WebServing

/// What `ong up` says when it is up: what runs where.
struct UpText {
  var work: WorkOptions
  var running: RunningDatabase
  var application: Application
  var access: PagesAccess
  /// What was loaded now.
  var sample: SampleData?

  func lines(address: ListenAddress) -> [String] {
    var facts = FactList()
    facts.add("pages", "http://\(address)/")
    facts.add("accounts", access.description)
    facts.add("database", running.description)
    facts.add("workers", work.description)
    facts.add("reports", application.folders.reports.path(percentEncoded: false))
    facts.add("notices", application.mail.destination(maildir: application.folders.mail))
    facts.add(
      "sample",
      sample.map { "\($0.bloc.name.vi), \($0.period.code): \($0.memberships.count) units" })
    return ["Ong is up.", ""] + facts.lines.map { "  " + $0 } + ["", "Ctrl-C drains and stops."]
  }
}
