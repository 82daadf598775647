package import EmulationAwards
package import Foundation
package import Hummingbird
package import Logging
import ServiceLifecycle
package import WebServing

/// The pages of the emulation blocs: ranking, self-scoring forms, reports and notices, in Vietnamese
/// at `/` and in English below `/en`.
///
/// There are no accounts yet: everybody who reaches the server may open every page and send every
/// unit's form. ``WebConfiguration`` therefore serves this machine only, unless told otherwise.
package struct EmulationSite: WebSite {
  let parts: SiteParts

  /// - Parameters:
  ///   - reportsFolder: the output folder that report paths are relative to.
  ///   - secureCookies: whether browsers come by HTTPS only, through a proxy. Default false.
  /// - Throws: when a built-in template does not parse.
  package init(
    store: any EmulationStorage, signals: any RankingSignals, reportsFolder: URL,
    secureCookies: Bool = false, logger: Logger
  ) throws {
    parts = SiteParts(
      store: store, renderer: try PageRenderer(), assets: .shared,
      live: LiveRankings(store: store, signals: signals, logger: logger),
      reportsFolder: reportsFolder, secureCookies: secureCookies)
  }

  package func addRoutes(to router: Router<VisitContext>) {
    parts.assets.addRoutes(to: router)
    let pages = router.group().add(middleware: DomainErrors())
    for language in Language.allCases {
      let group = pages.group(RouterPath(language.prefix))
      RankingPages(parts: parts, language: language).addRoutes(to: group)
      SheetPages(parts: parts, language: language).addRoutes(to: group)
      DocumentPages(parts: parts, language: language).addRoutes(to: group)
    }
    LiveRoutes(live: parts.live).addRoutes(to: pages)
  }

  /// Keeps the rankings of open pages live until the server shuts down.
  package func run() async throws {
    await cancelWhenGracefulShutdown { await parts.live.run() }
  }
}

/// What all pages need.
struct SiteParts: Sendable {
  let store: any EmulationStorage
  let renderer: PageRenderer
  let assets: Assets
  let live: LiveRankings
  let reportsFolder: URL
  let secureCookies: Bool
}
