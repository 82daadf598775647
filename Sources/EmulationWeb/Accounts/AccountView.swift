import EmulationAwards
import PasswordHashing

/// The page of one's own account, worded for one language.
struct AccountView {
  static let oldField = "hien-tai"
  static let newField = "moi"
  static let againField = "lap-lai"

  /// Why the password stays as it is.
  enum Problem: Error, Equatable {
    case wrongOldPassword
    case different
    case unfit(PasswordProblem)
  }

  enum Notice: Equatable {
    case none, changed, expired
    case rejected(Problem)
    case wait(Duration)

    var wait: Duration? { if case .wait(let time) = self { time } else { nil } }
  }

  let page: PageFrame
  let t: Texts
  let displayName: String
  let name: String
  let role: String
  let action: String
  let tokenField: String
  let token: String
  let oldField: String
  let newField: String
  let againField: String
  let minimumLength: Int
  let isChanged: Bool
  let isExpired: Bool
  let problem: String?
  let wait: String?

  init(
    page: PageFrame, language: Language, account: Account, notice: Notice, token: FormToken
  ) {
    self.page = page
    t = Texts.of(language)
    displayName = account.displayName
    name = account.name
    role = Self.words(account.role, t)
    action = AccountPaths(language: language).account
    tokenField = FormToken.fieldName
    self.token = token.code(path: action, revision: 0)
    (oldField, newField, againField) = (Self.oldField, Self.newField, Self.againField)
    minimumLength = Password.minimumLength
    isChanged = notice == .changed
    isExpired = notice == .expired
    problem = if case .rejected(let problem) = notice { Self.words(problem, t) } else { nil }
    wait = notice.wait.map(language.span)
  }

  private static func words(_ role: Account.Role, _ t: Texts) -> String {
    switch role {
    case .officer(let unit): "\(t.officerOf) \(unit)"
    case .secretary(let bloc?): "\(t.secretaryOf) \(bloc)"
    case .secretary(nil): t.secretaryOfAll
    }
  }

  private static func words(_ problem: Problem, _ t: Texts) -> String {
    switch problem {
    case .wrongOldPassword: t.wrongOldPassword
    case .different: t.passwordsDiffer
    case .unfit(.tooShort): "\(t.passwordTooShort) \(Password.minimumLength)."
    case .unfit(.tooLong): "\(t.passwordTooLong) \(Password.maximumBytes)."
    case .unfit(.controlCharacter): t.passwordControl
    }
  }
}
