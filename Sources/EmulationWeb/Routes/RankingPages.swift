import EmulationAwards
import Hummingbird
import NIOCore
import WebServing

/// The front page and the ranking of a bloc and period.
struct RankingPages: Sendable {
  let parts: SiteParts
  let language: Language

  func addRoutes(to group: RouterGroup<VisitContext>) {
    group.get("") { request, _ in try await front(request) }
    group.get("khoi/:bloc/:period") { request, context in try await ranking(request, context) }
    group.get("khoi/:bloc/:period/bang") { _, context in try await table(context) }
  }

  /// With one bloc there is nothing to choose.
  private func front(_ request: Request) async throws -> Response {
    let blocs = try await parts.store.blocPeriods()
    if blocs.count == 1 {
      return .redirect(to: PagePaths(language: language, key: blocs[0].key).ranking, type: .found)
    }
    let visitor = try await parts.visitor(request)
    let page = PageFrame(
      language, title: Texts.of(language).blocs, path: "/", assets: parts.assets, visitor: visitor)
    return parts.page(
      "blocs", BlocsView(page: page, language: language, blocs: blocs), for: visitor)
  }

  private func ranking(_ request: Request, _ context: VisitContext) async throws -> Response {
    let key = try context.blocPeriodKey()
    let visitor = try await parts.visitor(request)
    let view = try await view(
      of: key, visitor: visitor, confirmation: confirmation(request, key))
    return parts.page("ranking", view, for: visitor)
  }

  private func table(_ context: VisitContext) async throws -> Response {
    parts.renderer.page("board", try await view(of: context.blocPeriodKey()))
  }

  private func view(
    of key: BlocPeriodKey, visitor: Visitor? = nil, confirmation: RankingView.Confirmation? = nil
  ) async throws -> RankingView {
    // The period first: a result read later may be newer than it, never older than it says.
    let bloc = try await parts.store.blocPeriod(key)
    let scheme = try await parts.store.scheme(of: key)
    let ranking = try await parts.store.ranking(of: key)
    let isPending = RankingStamp(bloc, ranking).isPending
    let page = PageFrame(
      language, title: Texts.of(language).ranking,
      path: PagePaths(language: .vi, key: key).ranking, assets: parts.assets, visitor: visitor,
      bloc: bloc, refreshURL: isPending ? PagePaths(language: language, key: key).ranking : nil)
    return RankingView(
      page: page, language: language, bloc: bloc, scheme: scheme, ranking: ranking,
      confirmation: confirmation)
  }

  /// Only units that exist are confirmed, so that no link can put words into the page.
  private func confirmation(
    _ request: Request, _ key: BlocPeriodKey
  ) async throws -> RankingView.Confirmation? {
    guard let code = request.uri.queryParameters["da-gui"],
      let revision = request.uri.queryParameters["ban"].flatMap({ Int($0) }),
      let unit = try await parts.store.members(of: key).first(where: { $0.code == code })
    else { return nil }
    return .init(name: language(unit.name), revision: revision)
  }
}
