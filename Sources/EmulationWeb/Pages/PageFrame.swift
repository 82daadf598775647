import EmulationAwards

/// What stands around the content of every page.
struct PageFrame {
  struct Link {
    let label: String
    let url: String
    let isCurrent: Bool
  }

  /// Who is signed in, with the form to sign out.
  struct AccountLine {
    let displayName: String
    let url: String
    let signOutURL: String
    let tokenField: String
    let token: String
  }

  let language: String
  let title: String
  let homeURL: String
  let otherLanguage: String
  let otherLanguageURL: String
  let stylesheet: String
  let script: String
  let icon: String
  /// The bloc's own pages; empty outside of a bloc.
  let links: [Link]
  let hasLinks: Bool
  /// The bloc's name and period over the title; nil outside of a bloc.
  let eyebrow: String?
  /// What a browser without scripts is told to load again soon; nil for pages that stand still.
  let refreshURL: String?
  let account: AccountLine?
  /// Where who is not signed in can do so; nil where nobody has to.
  let signInURL: String?

  /// - Parameters:
  ///   - path: of this page without the language's prefix, for the switch of languages.
  ///   - visitor: who looks at it; nil: nobody asked.
  init(
    _ language: Language, title: String, path: String, assets: Assets,
    visitor: Visitor? = nil, bloc: BlocPeriod? = nil, refreshURL: String? = nil
  ) {
    let other: Language = language == .vi ? .en : .vi
    self.language = language.rawValue
    self.title = title
    homeURL = language.prefix + "/"
    otherLanguage = other.rawValue
    otherLanguageURL = other.prefix + path
    stylesheet = assets.url("site.css")
    script = assets.url("site.js")
    icon = assets.url("icon.svg")
    links = bloc.map { Self.links(language, $0, current: language.prefix + path) } ?? []
    hasLinks = bloc != nil
    eyebrow = bloc.map { "\(language($0.bloc.name)) · \(language($0.period.name))" }
    self.refreshURL = refreshURL
    account = visitor.flatMap { Self.account(language, $0) }
    signInURL =
      visitor?.standing == .stranger
      ? AccountPaths(language: language).signIn(for: language.prefix + path) : nil
  }

  private static func account(_ language: Language, _ visitor: Visitor) -> AccountLine? {
    let paths = AccountPaths(language: language)
    return visitor.account.map { account in
      AccountLine(
        displayName: account.displayName, url: paths.account, signOutURL: paths.signOut,
        tokenField: FormToken.fieldName,
        token: visitor.token.code(path: paths.signOut, revision: 0))
    }
  }

  private static func links(_ language: Language, _ bloc: BlocPeriod, current: String) -> [Link] {
    let (paths, texts) = (PagePaths(language: language, key: bloc.key), Texts.of(language))
    return [
      Link(label: texts.ranking, url: paths.ranking, isCurrent: current == paths.ranking),
      Link(label: texts.selfScore, url: paths.units, isCurrent: current.hasPrefix(paths.units)),
      Link(
        label: texts.documents, url: paths.documents, isCurrent: current == paths.documents),
    ]
  }
}
