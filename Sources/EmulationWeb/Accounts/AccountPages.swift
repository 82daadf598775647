import EmulationAwards
import HTTPTypes
import Hummingbird
import PasswordHashing
import WebServing

/// One's own account: what it may do, and its password.
struct AccountPages: Sendable {
  let parts: SiteParts
  let signIn: SignIn
  let language: Language

  private var path: String { AccountPaths(language: language).account }

  func addRoutes(to group: RouterGroup<VisitContext>) {
    group.get("tai-khoan") { request, _ in
      let (visitor, account) = try await owner(request)
      let isChanged = request.uri.queryParameters["da-doi"] != nil
      return page(visitor, account, isChanged ? .changed : .none)
    }
    group.post("tai-khoan") { request, context in try await change(request, context) }
  }

  private func change(_ request: Request, _ context: VisitContext) async throws -> Response {
    let form = try await SubmittedForm(of: request)
    let (visitor, account) = try await owner(request)
    guard visitor.accepts(form, for: path) else {
      return page(visitor, account, .expired, status: .forbidden)
    }
    do {
      let outcome = try await signIn.changePassword(
        of: account.name, from: form[AccountView.oldField] ?? "", to: try newPassword(form),
        address: context.visitorAddress)
      return answer(outcome, visitor, account)
    } catch let problem as AccountView.Problem {
      return page(visitor, account, .rejected(problem), status: .unprocessableContent)
    }
  }

  private func answer(
    _ outcome: SignIn.Outcome, _ visitor: Visitor, _ account: Account
  ) -> Response {
    switch outcome {
    case .refused:
      page(visitor, account, .rejected(.wrongOldPassword), status: .unprocessableContent)
    case .wait(let time): page(visitor, account, .wait(time))
    case .begun(let token):
      Response.redirect(to: "\(path)?da-doi=1", type: .normal)
        .with(token.cookie(secure: parts.secureCookies))
    }
  }

  /// - Throws: ``AccountView/Problem``
  private func newPassword(_ form: SubmittedForm) throws -> Password {
    let text = form[AccountView.newField] ?? ""
    guard text == form[AccountView.againField] else { throw AccountView.Problem.different }
    do {
      return try Password(new: text)
    } catch let problem as PasswordProblem {
      throw AccountView.Problem.unfit(problem)
    }
  }

  /// - Throws: ``SignInNeeded``, also where nobody can sign in.
  private func owner(_ request: Request) async throws -> (Visitor, Account) {
    let visitor = try await parts.visitor(request)
    guard let account = visitor.account else { throw SignInNeeded() }
    return (visitor, account)
  }

  private func page(
    _ visitor: Visitor, _ account: Account, _ notice: AccountView.Notice,
    status: HTTPResponse.Status = .ok
  ) -> Response {
    let frame = PageFrame(
      language, title: Texts.of(language).account, path: AccountPaths(language: .vi).account,
      assets: parts.assets, visitor: visitor)
    let view = AccountView(
      page: frame, language: language, account: account, notice: notice, token: visitor.token)
    return parts.page("account", view, for: visitor, status: status).after(notice.wait)
  }
}
