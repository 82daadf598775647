import EmulationAwards
import Foundation

/// The domain's storage without a database, for tests of pages alone: same rules, and a result
/// appears only when ``recalculate()`` is called.
actor MemoryStore: EmulationStorage {
  /// What competes under which rules.
  struct Contents: Sendable {
    var bloc = SampleBloc.bloc
    var period = SampleBloc.period
    var head = SampleBloc.head
    var scheme = SampleBloc.scheme
    var units = SampleBloc.units
    var exclusions: [Exclusion] = []
    var decisions: [Decision] = []
    var notices: [Notice] = []
    /// How often the bloc is listed on the front page.
    var listed = 1
  }

  private let contents: Contents
  private(set) var sheets: [String: SelfScoreSheet] = [:]
  private var state = PeriodState.scoring
  private var inputRevision: Int64 = 0
  private var result: Ranking?
  private var artefacts: [ReportArtefact] = []
  private var isAway = false

  struct Away: Error, CustomStringConvertible {
    var description: String { "host=10.0.0.7 password=hunter2" }
  }

  init(_ contents: Contents = Contents()) { self.contents = contents }

  func setState(_ state: PeriodState) { self.state = state }
  func setReports(_ reports: [ReportArtefact]) { artefacts = reports }
  func goAway() { isAway = true }

  func recalculate() throws {
    result = try Ranking(
      computedFrom: ScoringInput(
        blocPeriod: SampleBloc.key, inputRevision: inputRevision, scheme: contents.scheme,
        members: contents.units, sheets: Array(sheets.values), exclusions: contents.exclusions),
      at: Date(timeIntervalSince1970: 1_700_000_000))
  }

  func blocPeriods() throws -> [BlocPeriod] {
    [BlocPeriod](repeating: try blocPeriod(SampleBloc.key), count: contents.listed)
  }

  func blocPeriod(_ key: BlocPeriodKey) throws -> BlocPeriod {
    try check(key)
    return BlocPeriod(
      bloc: contents.bloc, period: contents.period, state: state, head: contents.head,
      schemeCode: contents.scheme.code, schemeVersion: contents.scheme.version,
      inputRevision: inputRevision)
  }

  func members(of key: BlocPeriodKey) throws -> [EmulationUnit] {
    try check(key)
    return contents.units
  }

  func scheme(of key: BlocPeriodKey) throws -> ScoringScheme {
    try check(key)
    return contents.scheme
  }

  func ranking(of key: BlocPeriodKey) throws -> Ranking? {
    try check(key)
    return result
  }

  func sheet(
    of unit: String, in key: BlocPeriodKey, stage: SheetStage
  ) throws -> SelfScoreSheet {
    try check(key)
    return sheets[unit] ?? SelfScoreSheet(blocPeriod: key, unit: unit, figures: [:])
  }

  @discardableResult
  func submitSheet(_ sheet: SelfScoreSheet, author: String?) throws -> SheetReceipt {
    try check(sheet.blocPeriod)
    let message = LocalizedText(vi: "không", en: "no")
    guard state.accepts(sheet.stage) else { throw EmulationError.refused(message) }
    try sheet.validate(against: contents.scheme)
    let stored = sheets[sheet.unit]
    guard sheet.revision == stored?.revision ?? 0 else { throw EmulationError.conflict(message) }
    if let stored, stored.figures == sheet.figures {
      return SheetReceipt(
        sheetRevision: stored.revision, inputRevision: inputRevision, isChanged: false)
    }
    inputRevision += 1
    sheets[sheet.unit] = SelfScoreSheet(
      blocPeriod: sheet.blocPeriod, unit: sheet.unit, figures: sheet.figures,
      revision: sheet.revision + 1)
    return SheetReceipt(
      sheetRevision: sheet.revision + 1, inputRevision: inputRevision, isChanged: true)
  }

  func submission(
    of unit: String, in key: BlocPeriodKey, stage: SheetStage
  ) -> SheetSubmission? { nil }

  func reports(of key: BlocPeriodKey) throws -> [ReportArtefact] {
    try check(key)
    return artefacts
  }

  func decisions(of key: BlocPeriodKey) throws -> [Decision] { contents.decisions }
  func notices(of key: BlocPeriodKey) throws -> [Notice] { contents.notices }

  private func check(_ key: BlocPeriodKey) throws {
    if isAway { throw Away() }
    if key != SampleBloc.key {
      throw EmulationError.unknown(LocalizedText(vi: "Không có khối này", en: "No such bloc"))
    }
  }
}
