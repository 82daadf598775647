import EmulationAwards
import Foundation

/// Reports, decisions and notices of a bloc and period, worded for one language.
struct DocumentsView {
  struct Report {
    let title: String
    let format: String
    let url: String
    let renderedTime: String
    let fileSize: String
    let sha256: String
  }

  struct DecisionLine {
    let number: String
    let subject: String
    let issuer: String
    let day: String
    let isDraft: Bool
  }

  struct NoticeLine {
    let name: String
    let address: String
    let subject: String
    let stateName: String
    let stateClass: String
    let trouble: String?
    let sentTime: String?
    let attemptCount: Int
  }

  let page: PageFrame
  let t: Texts
  let reports: [Report]
  let hasReports: Bool
  let decisions: [DecisionLine]
  let hasDecisions: Bool
  let notices: [NoticeLine]
  let hasNotices: Bool
}

extension DocumentsView {
  init(
    page: PageFrame, language: Language, bloc: BlocPeriod, reports: [ReportArtefact],
    decisions: [Decision], notices: [Notice]
  ) {
    let (paths, texts) = (PagePaths(language: language, key: bloc.key), Texts.of(language))
    self.page = page
    t = texts
    self.reports = reports.map { report in
      Report(
        title: "\(texts.yearEndReport) – \(language(bloc.period.name))",
        format: report.format.uppercased(), url: paths.report(report.id),
        renderedTime: language.time(report.renderedAt), fileSize: Self.size(report.byteCount),
        sha256: report.sha256)
    }
    hasReports = !reports.isEmpty
    self.decisions = decisions.map { decision in
      DecisionLine(
        number: decision.number, subject: language(decision.subject),
        issuer: language(decision.issuer),
        day: language == .vi ? decision.day.vietnamese : decision.day.english,
        isDraft: !decision.isIssued)
    }
    hasDecisions = !decisions.isEmpty
    self.notices = notices.map { Self.line($0, language, decisions) }
    hasNotices = !notices.isEmpty
  }

  private static func line(
    _ notice: Notice, _ language: Language, _ decisions: [Decision]
  ) -> NoticeLine {
    NoticeLine(
      name: notice.recipient.name, address: masked(notice.recipient.email),
      subject: decisions.first { $0.id == notice.decision }?.number ?? "",
      stateName: language(notice.state.label), stateClass: notice.state.rawValue,
      trouble: notice.trouble, sentTime: notice.sentAt.map(language.time),
      attemptCount: notice.attempts)
  }

  /// Enough of an address to recognise it, too little to write to it: the page is read by more
  /// people than need to.
  static func masked(_ email: String) -> String {
    guard let at = email.lastIndex(of: "@") else { return "•••" }
    return email[..<at].prefix(2) + "•••" + email[at...]
  }

  /// `84,2 KB`
  static func size(_ bytes: Int64) -> String {
    let kilobytes = Decimal(bytes * 10 / 1024) / 10
    return "\(DecimalText.plain(kilobytes)) KB"
  }
}
