import EmulationAwards
import HTTPTypes
import Hummingbird
import WebServing

/// The list of units and the self-scoring form of each.
struct SheetPages: Sendable {
  let parts: SiteParts
  let language: Language

  func addRoutes(to group: RouterGroup<VisitContext>) {
    group.get("khoi/:bloc/:period/don-vi") { request, context in
      try await units(request, context)
    }
    group.get("khoi/:bloc/:period/don-vi/:unit") { request, context in
      try await desk(request, context).page()
    }
    group.post("khoi/:bloc/:period/don-vi/:unit") { request, context in
      try await submit(request, context)
    }
  }

  /// An officer's list is the one unit whose form is theirs.
  private func units(_ request: Request, _ context: VisitContext) async throws -> Response {
    let key = try context.blocPeriodKey()
    let bloc = try await parts.store.blocPeriod(key)
    let members = try await parts.store.members(of: key)
    let visitor = try await parts.visitor(request)
    try visitor.requireReading(key, members: members)
    let ranking = try await parts.store.ranking(of: key)
    let page = PageFrame(
      language, title: Texts.of(language).selfScore,
      path: PagePaths(language: .vi, key: key).units, assets: parts.assets, visitor: visitor,
      bloc: bloc)
    let view = UnitsView(
      page: page, language: language, bloc: bloc,
      units: members.filter { visitor.account?.maySubmit($0.code, in: key) ?? true },
      sentBy: Set(ranking?.rows.filter { $0.score != nil }.map(\.unit.code) ?? []))
    return parts.page("units", view, for: visitor)
  }

  private func desk(_ request: Request, _ context: VisitContext) async throws -> SheetDesk {
    let visitor = try await parts.visitor(request)
    return try await SheetDesk(parts: parts, language: language, visitor: visitor, context: context)
  }

  private func submit(_ request: Request, _ context: VisitContext) async throws -> Response {
    let submitted = try await SubmittedForm(of: request)
    let desk = try await desk(request, context)
    guard let form = SheetForm(submitted, scheme: desk.scheme) else {
      throw WebFailure(.badRequest, .malformed)
    }
    let code = submitted[FormToken.fieldName]
    guard desk.visitor.token.accepts(code, path: desk.path, revision: form.revision) else {
      return try await desk.page(form: form, notice: .expired, status: .forbidden)
    }
    return try await desk.submit(form)
  }
}
