import Foundation

/// `bloc.csv`: the bloc, the period, who leads, and what people give the documents.
struct HeadFile {
  static let file = "bloc.csv"
  private static let names: Set<String> = [
    "province", "bloc", "bloc_name", "period", "period_name", "period_kind", "first_day",
    "last_day", "head_unit", "head_post", "head_person", "report_number", "report_symbol",
    "report_place", "report_day", "decision_number", "decision_day", "decision_issuer",
    "decision_subject", "flags", "merit_certificates",
  ]

  private let settings: SampleSettings
  private let bloc: Bloc
  private let period: Period
  private let head: BlocHead
  private let document: DocumentDetails
  private let decision: DecisionDraft

  var key: BlocPeriodKey { BlocPeriodKey(bloc: bloc.code, period: period.code) }

  init(text: String) throws(SampleDamage) {
    let settings = try SampleSettings(file: Self.file, text: text)
    try settings.checkNames(Self.names)
    self.settings = settings
    bloc = Bloc(
      code: try settings.code("bloc"), name: try settings.both("bloc_name"),
      province: try settings.both("province"))
    period = try Self.period(settings)
    head = BlocHead(
      unit: try settings.code("head_unit"), post: try settings.both("head_post"),
      person: try settings.text("head_person"))
    document = try Self.document(settings)
    decision = try Self.decision(settings)
  }

  /// Throws if the leading unit is not among the bloc's.
  func check(units: Set<String>) throws(SampleDamage) {
    guard !units.contains(head.unit) else { return }
    throw try settings.row("head_unit").damage("value", "there is no unit \(head.unit)")
  }

  func sample(
    memberships: [Membership], exclusions: [Exclusion], scheme: ScoringScheme,
    sheets: [SelfScoreSheet], recipients: [Recipient]
  ) -> SampleData {
    SampleData(
      bloc: bloc, period: period, head: head, memberships: memberships, exclusions: exclusions,
      scheme: scheme, sheets: sheets, recipients: recipients, document: document,
      decision: decision)
  }

  private static func period(_ settings: SampleSettings) throws(SampleDamage) -> Period {
    let kindName = try settings.text("period_kind")
    guard let kind = Period.Kind(rawValue: kindName) else {
      let kinds = Period.Kind.allCases.map(\.rawValue).joined(separator: ", ")
      throw try settings.row("period_kind").damage(
        "value", "expected one of \(kinds), got: \(kindName)")
    }
    let (first, last) = (try settings.day("first_day"), try settings.day("last_day"))
    guard first <= last else {
      throw try settings.row("last_day").damage(
        "value", "expected a day from \(first.iso) on, got: \(last.iso)")
    }
    return Period(
      code: try settings.code("period"), name: try settings.both("period_name"), kind: kind,
      firstDay: first, lastDay: last)
  }

  private static func document(
    _ settings: SampleSettings
  ) throws(SampleDamage) -> DocumentDetails {
    let number = settings.optional("report_number")
    return DocumentDetails(
      number: number.isEmpty ? nil : number, symbol: try settings.text("report_symbol"),
      place: try settings.text("report_place"), day: try settings.day("report_day"))
  }

  private static func decision(_ settings: SampleSettings) throws(SampleDamage) -> DecisionDraft {
    DecisionDraft(
      number: try settings.text("decision_number"), day: try settings.day("decision_day"),
      issuer: try settings.both("decision_issuer"),
      subject: try settings.both("decision_subject"),
      quota: AwardQuota(
        flags: try settings.count("flags"),
        meritCertificates: try settings.count("merit_certificates")))
  }
}
