import EmulationAwards
import HTTPTypes
import Hummingbird
import WebServing

/// Where people sign in and out.
struct SignInPages: Sendable {
  let parts: SiteParts
  let signIn: SignIn
  let language: Language

  private var paths: AccountPaths { AccountPaths(language: language) }

  func addRoutes(to group: RouterGroup<VisitContext>) {
    group.get("dang-nhap") { request, _ in try await show(request) }
    group.post("dang-nhap") { request, context in try await begin(request, context) }
    group.post("dang-xuat") { request, _ in try await end(request) }
  }

  private func show(_ request: Request) async throws -> Response {
    let target = ReturnPath(request.uri.queryParameters[ReturnPath.fieldName[...]].map(String.init))
    let visitor = try await parts.visitor(request)
    // Who is in already, or need not sign in, goes on.
    guard visitor.standing == .stranger else { return goOn(to: target) }
    return page(visitor, target, target == nil ? .none : .needed)
  }

  private func begin(_ request: Request, _ context: VisitContext) async throws -> Response {
    let form = try await SubmittedForm(of: request)
    let visitor = try await parts.visitor(request)
    let target = ReturnPath(form[ReturnPath.fieldName])
    if visitor.standing == .open { return goOn(to: target) }
    let name = form[SignInView.nameField] ?? ""
    guard visitor.accepts(form, for: paths.signIn) else {
      return page(visitor, target, .expired, name: name, status: .forbidden)
    }
    let outcome = try await signIn.begin(
      name: name, password: form[SignInView.passwordField] ?? "", address: context.visitorAddress)
    switch outcome {
    case .refused:
      return page(visitor, target, .refused, name: name, status: .unprocessableContent)
    case .wait(let time): return page(visitor, target, .wait(time), name: name)
    case .begun(let token):
      try await endSession(of: request)
      return goOn(to: target).with(token.cookie(secure: parts.secureCookies))
    }
  }

  private func end(_ request: Request) async throws -> Response {
    let form = try await SubmittedForm(of: request)
    guard try await parts.visitor(request).accepts(form, for: paths.signOut) else {
      throw WebFailure(.forbidden, .forgedForm)
    }
    try await endSession(of: request)
    return goOn(to: nil).with(SessionToken.goneCookie(secure: parts.secureCookies))
  }

  /// Ends the session that the browser came with, if any.
  private func endSession(of request: Request) async throws {
    guard let old = SessionToken(request, secure: parts.secureCookies) else { return }
    try await signIn.store.endSession(tokenHash: old.hash)
  }

  private func goOn(to target: ReturnPath?) -> Response {
    .redirect(to: target?.path ?? "\(language.prefix)/", type: .normal)
  }

  private func page(
    _ visitor: Visitor, _ target: ReturnPath?, _ notice: SignInView.Notice, name: String = "",
    status: HTTPResponse.Status = .ok
  ) -> Response {
    let door = AccountPaths(language: .vi)
    let frame = PageFrame(
      language, title: Texts.of(language).signIn,
      path: target.map { door.signIn(for: $0.path) } ?? door.signIn, assets: parts.assets)
    let view = SignInView(
      page: frame, language: language, notice: notice, name: name,
      returnPath: target?.path ?? "", token: visitor.token)
    return parts.page("sign-in", view, for: visitor, hasForm: true, status: status)
      .after(notice.wait)
  }
}

extension Visitor {
  /// Whether a form comes from our own page in this browser. Forms of accounts have no revision.
  func accepts(_ form: SubmittedForm, for path: String) -> Bool {
    token.accepts(form[FormToken.fieldName], path: path, revision: 0)
  }
}

extension Response {
  func with(_ cookie: Cookie) -> Response {
    var response = self
    response.setCookie(cookie)
    return response
  }

  /// Says when to come back, if one has to wait.
  func after(_ wait: Duration?) -> Response {
    guard let wait else { return self }
    var response = self
    response.status = .tooManyRequests
    response.headers[.retryAfter] = String(Int((wait / .seconds(1)).rounded(.up)))
    return response
  }
}
