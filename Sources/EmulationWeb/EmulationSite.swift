package import EmulationAwards
package import Foundation
package import Hummingbird
package import Logging
import ServiceLifecycle
package import WebServing

/// The pages of the emulation blocs: ranking, self-scoring forms, reports and notices, in
/// Vietnamese at `/` and in English below `/en`.
///
/// While there is no account, everybody who reaches the server may open every page and send every
/// unit's form. With the first account the ranking stays open, for it is shown at meetings, and
/// everything else is for those who have signed in: an officer sends the form of one unit, a
/// secretary all.
package struct EmulationSite: WebSite {
  let parts: SiteParts

  /// - Parameters:
  ///   - reportsFolder: the output folder that report paths are relative to.
  ///   - signIn: the accounts; nil: nobody ever has to sign in.
  ///   - secureCookies: whether browsers come by HTTPS only, through a proxy. Default false.
  /// - Throws: when a built-in template does not parse.
  package init(
    store: any EmulationStorage, signals: any RankingSignals, signIn: SignIn?, reportsFolder: URL,
    secureCookies: Bool = false, logger: Logger
  ) throws {
    parts = SiteParts(
      store: store, renderer: try PageRenderer(), assets: .shared,
      live: LiveRankings(store: store, signals: signals, logger: logger),
      signIn: signIn, reportsFolder: reportsFolder, secureCookies: secureCookies)
  }

  package func addRoutes(to router: Router<VisitContext>) {
    parts.assets.addRoutes(to: router)
    let pages = router.group().add(middleware: DomainErrors())
    for language in Language.allCases {
      let group = pages.group(RouterPath(language.prefix))
      RankingPages(parts: parts, language: language).addRoutes(to: group)
      SheetPages(parts: parts, language: language).addRoutes(to: group)
      DocumentPages(parts: parts, language: language).addRoutes(to: group)
      if let signIn = parts.signIn {
        SignInPages(parts: parts, signIn: signIn, language: language).addRoutes(to: group)
        AccountPages(parts: parts, signIn: signIn, language: language).addRoutes(to: group)
      }
    }
    LiveRoutes(live: parts.live).addRoutes(to: pages)
  }

  /// For what shows the inside of the installation: with the first account it is for secretaries.
  ///
  /// - Throws: a ``WebFailure`` for everybody else.
  package func admitSecretary(_ request: Request) async throws {
    try await parts.visitor(request).requireSecretary()
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
  let signIn: SignIn?
  let reportsFolder: URL
  let secureCookies: Bool
}
