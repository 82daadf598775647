import EmulationAwards
import Foundation

/// Where the pages of one bloc and period lie, in one language.
struct PagePaths {
  let language: Language
  let key: BlocPeriodKey

  private var root: String {
    "\(language.prefix)/khoi/\(Self.encoded(key.bloc))/\(Self.encoded(key.period))"
  }

  var ranking: String { root }
  /// The table alone, for the script that keeps a page live.
  var table: String { "\(root)/bang" }
  var units: String { "\(root)/don-vi" }
  var documents: String { "\(root)/van-ban" }
  func sheet(_ unit: String) -> String { "\(units)/\(Self.encoded(unit))" }
  func report(_ id: Int64) -> String { "\(documents)/bao-cao/\(id)" }
  /// The ranking with a confirmation that the unit's sheet of this revision arrived.
  func confirmation(_ unit: String, revision: Int) -> String {
    "\(root)?da-gui=\(Self.encoded(unit))&ban=\(revision)"
  }

  /// The same in both languages: they carry no words.
  private var shared: String { PagePaths(language: .vi, key: key).root }
  var events: String { "\(shared)/truc-tiep" }
  var status: String { "\(shared)/trang-thai" }

  private static func encoded(_ code: String) -> String { code.percentEncoded }
}

/// Where one signs in and out and keeps one's account, in one language.
struct AccountPaths {
  let language: Language

  var signIn: String { "\(language.prefix)/dang-nhap" }
  var signOut: String { "\(language.prefix)/dang-xuat" }
  var account: String { "\(language.prefix)/tai-khoan" }

  /// The sign-in page that leads on to a path of this site.
  func signIn(for path: String) -> String {
    "\(signIn)?\(ReturnPath.fieldName)=\(path.percentEncoded)"
  }
}

extension String {
  fileprivate var percentEncoded: String {
    let plain = CharacterSet.alphanumerics.union(.init(charactersIn: "-_"))
    return addingPercentEncoding(withAllowedCharacters: plain) ?? ""
  }
}
