import Crypto
import Foundation
import Hummingbird

/// What a browser shows to be known: 256 random bits in a cookie. The server keeps their SHA-256
/// alone, so neither a backup of the database nor who reads it can show them.
struct SessionToken: Sendable {
  private static let size = 32

  /// See ``FormToken/cookieName(secure:)``.
  static func cookieName(secure: Bool) -> String { secure ? "__Host-ong_session" : "ong_session" }

  private let bytes: [UInt8]

  /// A new one: each sign-in has its own, whatever the browser came with.
  init() { bytes = SymmetricKey(size: .bits256).withUnsafeBytes { Array($0) } }

  /// The one that a browser has; nil if it has none.
  init?(_ request: Request, secure: Bool) {
    guard let cookie = request.cookies[Self.cookieName(secure: secure)],
      let bytes = HexText.bytes(cookie.value, count: Self.size)
    else { return nil }
    self.bytes = bytes
  }

  var hash: Data { Data(SHA256.hash(data: bytes)) }

  /// Lax, not Strict: who follows a link of a mail to a form comes with it. Forms of other sites
  /// come without it all the same, and every form of ours has a ``FormToken``. It goes with the
  /// browser's session; how long it is good for is the server's to say.
  func cookie(secure: Bool) -> Cookie { Self.cookie(HexText.of(bytes), secure: secure) }

  /// Takes the cookie away.
  static func goneCookie(secure: Bool) -> Cookie {
    Cookie(
      name: cookieName(secure: secure), value: "", maxAge: 0, path: "/", secure: secure,
      httpOnly: true, sameSite: .lax)
  }

  private static func cookie(_ value: String, secure: Bool) -> Cookie {
    Cookie(
      name: cookieName(secure: secure), value: value, path: "/", secure: secure, httpOnly: true,
      sameSite: .lax)
  }
}

extension SessionToken: CustomStringConvertible, CustomReflectable {
  var description: String { "•••" }
  var customMirror: Mirror { Mirror(self, children: []) }
}
