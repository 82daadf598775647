import EmulationAwards
import HTTPTypes
import Hummingbird
import WebServing

/// The list of units and the self-scoring form of each.
struct SheetPages: Sendable {
  /// Largest form that is read, in bytes.
  static let maxFormSize = 64 * 1024

  let parts: SiteParts
  let language: Language

  func addRoutes(to group: RouterGroup<VisitContext>) {
    group.get("khoi/:bloc/:period/don-vi") { _, context in try await units(context) }
    group.get("khoi/:bloc/:period/don-vi/:unit") { request, context in
      let desk = try await SheetDesk(parts: parts, language: language, context: context)
      return try await desk.page(token: FormToken(request, secure: parts.secureCookies))
    }
    group.post("khoi/:bloc/:period/don-vi/:unit") { request, context in
      try await submit(request, context)
    }
  }

  private func units(_ context: VisitContext) async throws -> Response {
    let key = try context.blocPeriodKey()
    let bloc = try await parts.store.blocPeriod(key)
    let ranking = try await parts.store.ranking(of: key)
    let page = PageFrame(
      language, title: Texts.of(language).selfScore,
      path: PagePaths(language: .vi, key: key).units, assets: parts.assets, bloc: bloc)
    let view = UnitsView(
      page: page, language: language, bloc: bloc, units: try await parts.store.members(of: key),
      sentBy: Set(ranking?.rows.filter { $0.score != nil }.map(\.unit.code) ?? []))
    return parts.renderer.page("units", view)
  }

  private func submit(_ request: Request, _ context: VisitContext) async throws -> Response {
    if request.isFromAnotherSite { throw WebFailure(.forbidden, .forgedForm) }
    let submitted = try await form(of: request)
    let desk = try await SheetDesk(parts: parts, language: language, context: context)
    guard let form = SheetForm(submitted, scheme: desk.scheme) else {
      throw WebFailure(.badRequest, .malformed)
    }
    let token = FormToken(request, secure: parts.secureCookies)
    let code = submitted[FormToken.fieldName]
    guard token.accepts(code, path: desk.path, revision: form.revision) else {
      return try await desk.page(form: form, token: token, notice: .expired, status: .forbidden)
    }
    return try await desk.submit(form, token: token)
  }

  private func form(of request: Request) async throws -> SubmittedForm {
    guard
      request.headers[.contentType]?.lowercased().hasPrefix("application/x-www-form-urlencoded")
        == true
    else { throw WebFailure(.unsupportedMediaType, .malformed) }
    let body = try await request.body.collect(upTo: Self.maxFormSize)
    guard let form = SubmittedForm(body.readableBytesView) else {
      throw WebFailure(.badRequest, .malformed)
    }
    return form
  }
}
