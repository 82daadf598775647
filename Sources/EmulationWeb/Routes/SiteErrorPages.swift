package import Hummingbird
package import WebServing

/// Failures as pages in the visitor's language, each saying what to do next. Programs that ask the
/// API are answered in JSON.
package struct SiteErrorPages: ErrorPages {
  private let renderer: PageRenderer
  private let assets = Assets.shared

  /// - Throws: when a built-in template does not parse.
  package init() throws { renderer = try PageRenderer() }

  package func response(to request: Request, failure: WebFailure, reference: String) -> Response {
    let path = request.uri.path
    if ["/api/", "/healthz", "/readyz"].contains(where: path.hasPrefix) {
      return JSONErrorPages().response(to: request, failure: failure, reference: reference)
    }
    let language = Language(path: path)
    let (message, advice) = Self.words(failure.reason, language)
    let view = ErrorView(
      page: PageFrame(language, title: message, path: "/", assets: assets),
      t: Texts.of(language), status: failure.status.code, message: message, advice: advice,
      reference: failure.reason == .unexpected ? reference : nil)
    return renderer.page("error", view, status: failure.status)
  }

  private static func words(
    _ reason: WebFailure.Reason, _ language: Language
  ) -> (message: String, advice: String) {
    language == .vi ? vietnamese(reason) : english(reason)
  }

  private static func vietnamese(
    _ reason: WebFailure.Reason
  ) -> (message: String, advice: String) {
    switch reason {
    case .notFound:
      ("Không có trang này", "Kiểm tra lại địa chỉ, hoặc bắt đầu lại từ trang đầu.")
    case .malformed:
      (
        "Không đọc được biểu mẫu",
        "Quay lại trang trước, tải lại trang rồi gửi biểu mẫu một lần nữa."
      )
    case .tooLarge:
      (
        "Biểu mẫu quá lớn",
        "Biểu mẫu được phép tối đa 64 KB. Quay lại trang trước và bỏ bớt phần không cần thiết."
      )
    case .forgedForm:
      (
        "Biểu mẫu không được gửi từ trang này",
        "Mở phiếu tự chấm từ bảng xếp hạng của hệ thống rồi nhập và gửi lại."
      )
    case .signInNeeded:
      (
        "Biểu mẫu chưa được gửi: phiên đăng nhập đã kết thúc",
        "Đăng nhập lại trong một thẻ mới của trình duyệt, rồi quay lại trang trước (số liệu đã nhập vẫn còn) và gửi một lần nữa."
      )
    case .notAllowed:
      (
        "Tài khoản này không được mở trang này",
        "Mỗi cán bộ chỉ mở và gửi phiếu của đơn vị mình: vào trang Tự chấm điểm để mở phiếu đó. Nếu phiếu này cần sửa, hãy báo thư ký khối; nếu tài khoản ghi sai đơn vị, hãy báo người quản trị."
      )
    case .foreignHost:
      (
        "Tên máy chủ không đúng",
        "Mở trang bằng địa chỉ do người quản trị cung cấp. Người quản trị khai báo tên này bằng --public-host."
      )
    case .tooMany:
      (
        "Quá nhiều yêu cầu",
        "Trang nhận được quá nhiều yêu cầu từ địa chỉ của bạn. Đợi một lát rồi thử lại."
      )
    case .unavailable:
      ("Hệ thống đang bận", "Số liệu đã gửi trước đó không bị mất. Đợi một phút rồi tải lại trang.")
    case .unexpected:
      (
        "Hệ thống gặp lỗi",
        "Số liệu đã gửi trước đó không bị mất. Thử lại sau ít phút; nếu vẫn lỗi, báo người quản trị kèm mã dưới đây."
      )
    }
  }

  private static func english(_ reason: WebFailure.Reason) -> (message: String, advice: String) {
    switch reason {
    case .notFound: ("There is no such page", "Check the address, or start at the front page.")
    case .malformed:
      ("The form could not be read", "Go back, load the page again and send the form once more.")
    case .tooLarge:
      ("The form is too large", "A form may have 64 KB. Go back and leave out what is not needed.")
    case .forgedForm:
      (
        "The form was not sent from this site",
        "Open the self-score sheet from the ranking, fill it in and send it again."
      )
    case .signInNeeded:
      (
        "The form was not sent: your session has ended",
        "Sign in again in a new tab, then go back to the page before (what you typed is still there) and send it once more."
      )
    case .notAllowed:
      (
        "This account may not open this page",
        "An officer opens and sends the form of one unit: find it under Self-scoring. If this form needs a correction, tell the bloc's secretary; if your account names the wrong unit, tell the administrator."
      )
    case .foreignHost:
      (
        "Wrong host name",
        "Open the pages by the address that your administrator gave you. Administrators allow a name with --public-host."
      )
    case .tooMany:
      (
        "Too many requests",
        "Too many requests came from your address. Wait a moment, then try again."
      )
    case .unavailable:
      ("The system is busy", "Nothing that was sent before is lost. Wait a minute and load again.")
    case .unexpected:
      (
        "Something went wrong",
        "Nothing that was sent before is lost. Try again in some minutes; if it stays, tell the administrator the reference below."
      )
    }
  }
}
