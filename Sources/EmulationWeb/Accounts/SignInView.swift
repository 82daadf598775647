/// The page to sign in, worded for one language.
struct SignInView {
  static let nameField = "ten"
  static let passwordField = "mat-khau"

  /// What it has to say about itself.
  enum Notice: Equatable {
    case none
    /// The page that was asked for is for those who have signed in.
    case needed
    /// Name or password; which of them is not said.
    case refused
    case wait(Duration)
    /// The form was not this browser's.
    case expired

    var wait: Duration? { if case .wait(let time) = self { time } else { nil } }
  }

  let page: PageFrame
  let t: Texts
  let action: String
  let tokenField: String
  let token: String
  let returnField: String
  let returnPath: String
  let nameField: String
  let name: String
  let passwordField: String
  let isNeeded: Bool
  let isRefused: Bool
  let isExpired: Bool
  let wait: String?

  init(
    page: PageFrame, language: Language, notice: Notice, name: String, returnPath: String,
    token: FormToken
  ) {
    self.page = page
    t = Texts.of(language)
    action = AccountPaths(language: language).signIn
    tokenField = FormToken.fieldName
    self.token = token.code(path: action, revision: 0)
    returnField = ReturnPath.fieldName
    self.returnPath = returnPath
    nameField = Self.nameField
    self.name = name
    passwordField = Self.passwordField
    isNeeded = notice == .needed
    isRefused = notice == .refused
    isExpired = notice == .expired
    wait = notice.wait.map(language.span)
  }
}

extension Language {
  /// `12 giây`, `3 phút`: rounded up, so that who waits so long has waited enough.
  func span(_ duration: Duration) -> String {
    let seconds = Int((duration / .seconds(1)).rounded(.up))
    let minutes = (seconds + 59) / 60
    switch self {
    case .vi: return seconds < 60 ? "\(seconds) giây" : "\(minutes) phút"
    case .en: return seconds < 60 ? "\(seconds) s" : "\(minutes) min"
    }
  }
}
