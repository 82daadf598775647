import EmulationAwards
import HTTPTypes
import Hummingbird
import WebServing

/// Who a request comes from, and what they may do.
struct Visitor: Sendable {
  let standing: AccountStore.Visit
  /// For the forms on the page that is answered with.
  let token: FormToken

  /// Nil also where nobody has to sign in.
  var account: Account? {
    if case .signedIn(let account) = standing { account } else { nil }
  }

  /// - Throws: ``SignInNeeded``, or a ``WebFailure`` if the account may not open this unit's form.
  func requireForm(of unit: String, in bloc: BlocPeriodKey) throws {
    try require { $0.maySubmit(unit, in: bloc) }
  }

  /// - Throws: ``SignInNeeded``, or a ``WebFailure`` if the account may not read this bloc's pages.
  func requireReading(_ bloc: BlocPeriodKey, members: [EmulationUnit]) throws {
    try require { $0.mayRead(bloc, members: members) }
  }

  /// - Throws: a ``WebFailure`` also for strangers: programs ask, and a sign-in page is nothing to
  ///   them.
  func requireSecretary() throws {
    switch (standing, account?.role) {
    case (.open, _), (_, .secretary): return
    case (.stranger, _): throw WebFailure(.forbidden, .signInNeeded)
    case (.signedIn, _): throw WebFailure(.forbidden, .notAllowed)
    }
  }

  private func require(_ isAllowed: (Account) -> Bool) throws {
    switch standing {
    case .open: return
    case .stranger: throw SignInNeeded()
    case .signedIn(let account):
      if !isAllowed(account) { throw WebFailure(.forbidden, .notAllowed) }
    }
  }
}

/// The page is for those who have signed in.
struct SignInNeeded: Error {}

extension SiteParts {
  func visitor(_ request: Request) async throws -> Visitor {
    let session = SessionToken(request, secure: secureCookies)
    return Visitor(
      standing: try await signIn?.store.visit(tokenHash: session?.hash) ?? .open,
      token: FormToken(request, secure: secureCookies))
  }

  /// A page for a visitor. Where it has a form, the browser gets the cookie that the form needs.
  func page(
    _ template: String, _ view: any Sendable, for visitor: Visitor, hasForm: Bool = false,
    status: HTTPResponse.Status = .ok
  ) -> Response {
    var response = renderer.page(template, view, status: status)
    // Who is signed in has a form on every page: the one to sign out.
    let hasForm = hasForm || visitor.account != nil
    if hasForm && visitor.token.isNew { response.setCookie(visitor.token.cookie) }
    return response
  }
}
