import Crypto
import Foundation
import HTTPTypes
import Hummingbird

/// Proves that a form was filled in on our own page, by the browser that opened it.
///
/// The browser keeps a random secret in a cookie that scripts and other sites cannot read; each
/// form carries a code made from that secret, the form's path and the revision of what it edits.
/// Nothing is kept on the server, so a restart or a second web process makes no form invalid. Bound
/// to the revision, a code lets through one change: afterwards the revision has moved on.
struct FormToken: Sendable {
  /// Browsers take a cookie whose name begins with `__Host-` from this very host and over HTTPS
  /// only: no neighbour of the domain can put one in. It needs HTTPS.
  static func cookieName(secure: Bool) -> String { secure ? "__Host-ong_form" : "ong_form" }
  static let fieldName = "ma-bieu-mau"
  /// Bytes, in the cookie as 64 hexadecimal digits.
  private static let secretSize = 32

  private let secret: [UInt8]
  /// Whether the browser has yet to be given the cookie.
  let isNew: Bool

  private let isSecure: Bool

  /// The browser's secret, or a new one if it has none.
  ///
  /// - Parameter secure: browsers come by HTTPS only.
  init(_ request: Request, secure: Bool) {
    isSecure = secure
    let known = request.cookies[Self.cookieName(secure: secure)].flatMap {
      HexText.bytes($0.value, count: Self.secretSize)
    }
    isNew = known == nil
    secret = known ?? SymmetricKey(size: .bits256).withUnsafeBytes { Array($0) }
  }

  var cookie: Cookie {
    Cookie(
      name: Self.cookieName(secure: isSecure), value: HexText.of(secret), path: "/",
      secure: isSecure, httpOnly: true, sameSite: .strict)
  }

  func code(path: String, revision: Int) -> String {
    HexText.of(HMAC<SHA256>.authenticationCode(for: Self.message(path, revision), using: key))
  }

  func accepts(_ code: String?, path: String, revision: Int) -> Bool {
    guard let code = code.flatMap({ HexText.bytes($0, count: Self.secretSize) }) else {
      return false
    }
    return HMAC<SHA256>.isValidAuthenticationCode(
      code, authenticating: Self.message(path, revision), using: key)
  }

  private var key: SymmetricKey { SymmetricKey(data: secret) }

  private static func message(_ path: String, _ revision: Int) -> Data {
    Data("form \(revision) \(path)".utf8)
  }
}

extension Request {
  /// Whether the browser itself says that another site sent this form. Browsers without these
  /// headers are caught by the token.
  var isFromAnotherSite: Bool {
    if let site = headers[.secFetchSite], site != "same-origin", site != "none" { return true }
    guard let origin = headers[.origin] else { return false }
    // The scheme is left out: behind a proxy that ends TLS it differs.
    guard let host = origin.split(separator: "//", maxSplits: 1).dropFirst().first else {
      return true
    }
    return host.lowercased() != head.authority?.lowercased()
  }
}

extension HTTPField.Name {
  static let secFetchSite = Self("Sec-Fetch-Site")!
}
