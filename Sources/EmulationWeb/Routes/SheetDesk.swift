import EmulationAwards
import HTTPTypes
import Hummingbird
import WebServing

/// One request about one unit's sheet: what is needed to show the form and to take it in.
struct SheetDesk {
  let parts: SiteParts
  let language: Language
  let visitor: Visitor
  let bloc: BlocPeriod
  let scheme: ScoringScheme
  let unit: EmulationUnit
  let paths: PagePaths

  /// Where the form lies and is sent to.
  var path: String { paths.sheet(unit.code) }

  /// - Throws: a ``WebFailure`` if the path names no unit of the bloc, or one whose form is not the
  ///   visitor's.
  init(
    parts: SiteParts, language: Language, visitor: Visitor, context: some RequestContext
  ) async throws {
    let key = try context.blocPeriodKey()
    let code: String = try context.parameters.require("unit")
    try visitor.requireForm(of: code, in: key)
    bloc = try await parts.store.blocPeriod(key)
    let members = try await parts.store.members(of: key)
    guard let unit = members.first(where: { $0.code == code }) else {
      throw WebFailure(.notFound, .notFound)
    }
    self.unit = unit
    scheme = try await parts.store.scheme(of: key)
    paths = PagePaths(language: language, key: key)
    self.parts = parts
    self.language = language
    self.visitor = visitor
  }

  /// Takes the form in: on to the ranking if it was stored, else back to the form with everything
  /// that was typed.
  func submit(_ form: SheetForm) async throws -> Response {
    do {
      let figures = try form.figures(for: scheme)
      return try await store(figures, form: form)
    } catch let rejected as SheetRejected {
      return try await page(
        form: form, notice: .rejected, problems: rejected.problems,
        status: .unprocessableContent)
    } catch EmulationError.refused {
      return try await page(form: form, status: .conflict)
    }
  }

  private func store(_ figures: [String: Figure], form: SheetForm) async throws -> Response {
    let sheet = SelfScoreSheet(
      blocPeriod: bloc.key, unit: unit.code, figures: figures, revision: form.revision)
    do {
      let receipt = try await parts.store.submitSheet(sheet, author: visitor.account?.name)
      return confirmation(receipt.sheetRevision)
    } catch EmulationError.conflict {
      let stored = try await storedSheet()
      // The same form sent twice, by a double click or by going back: it is in already.
      if stored.figures == figures { return confirmation(stored.revision) }
      return try await page(form: form, notice: .conflict, status: .conflict)
    }
  }

  private func confirmation(_ revision: Int) -> Response {
    .redirect(to: paths.confirmation(unit.code, revision: revision), type: .normal)
  }

  /// - Parameter form: what was typed; nil to show what is stored.
  func page(
    form: SheetForm? = nil, notice: SheetView.Notice = .none,
    problems: [SheetRejected.Problem] = [], status: HTTPResponse.Status = .ok
  ) async throws -> Response {
    let stored = SheetForm(try await storedSheet(), scheme: scheme)
    let frame = PageFrame(
      language, title: "\(Texts.of(language).selfScore) – \(language(unit.name))",
      path: PagePaths(language: .vi, key: bloc.key).sheet(unit.code), assets: parts.assets,
      visitor: visitor, bloc: bloc)
    let view = SheetView(
      page: frame, language: language, bloc: bloc, scheme: scheme, unit: unit,
      form: form ?? stored, stored: stored,
      score: try await parts.store.ranking(of: bloc.key)?.row(of: unit.code)?.score,
      submission: try await submission(), notice: notice, problems: problems,
      token: visitor.token, action: path)
    return parts.page("sheet", view, for: visitor, hasForm: true, status: status)
  }

  /// Who sent the stored sheet; not told where nobody signs in.
  private func submission() async throws -> SheetSubmission? {
    guard visitor.account != nil else { return nil }
    return try await parts.store.submission(of: unit.code, in: bloc.key, stage: .selfScore)
  }

  private func storedSheet() async throws -> SelfScoreSheet {
    try await parts.store.sheet(of: unit.code, in: bloc.key, stage: .selfScore)
  }
}
