import HTTPTypes
import Hummingbird
import Testing

@testable import EmulationWeb

private func request(_ headers: HTTPFields = [:]) -> Request {
  Request(
    head: .init(
      method: .post, scheme: "http", authority: "127.0.0.1:8080", path: "/", headerFields: headers),
    body: RequestBody(buffer: ByteBuffer()))
}

struct FormTokenTests {
  @Test func `a code is good for its browser, its form and its revision only`() {
    let token = FormToken(request(), secure: false)
    let code = token.code(path: "/a", revision: 3)
    #expect(token.accepts(code, path: "/a", revision: 3))
    #expect(!token.accepts(code, path: "/b", revision: 3))
    #expect(!token.accepts(code, path: "/a", revision: 4))
    #expect(!FormToken(request(), secure: false).accepts(code, path: "/a", revision: 3))
    #expect(!token.accepts(nil, path: "/a", revision: 3))
    #expect(!token.accepts(String(repeating: "0", count: 64), path: "/a", revision: 3))
  }

  @Test(arguments: [true, false])
  func `the browser's cookie brings the same secret back`(isSecure: Bool) {
    let token = FormToken(request(), secure: isSecure)
    let cookie = token.cookie
    #expect(cookie.httpOnly && cookie.secure == isSecure && cookie.sameSite == .strict)
    let again = FormToken(
      request([.cookie: "\(cookie.name)=\(cookie.value)"]), secure: isSecure)
    #expect(cookie.name.hasPrefix("__Host-") == isSecure && cookie.path == "/")
    #expect(token.isNew && !again.isNew)
    #expect(again.accepts(token.code(path: "/a", revision: 1), path: "/a", revision: 1))
  }

  @Test(arguments: [
    "", "abc", String(repeating: "g", count: 64), String(repeating: "đ", count: 32),
  ])
  func `a cookie that is not ours is replaced`(value: String) {
    #expect(FormToken(request([.cookie: "ong_form=\(value)"]), secure: false).isNew)
  }

  @Test(arguments: [
    ("same-origin", nil, false), ("none", nil, false), ("cross-site", nil, true),
    ("same-site", nil, true), (nil, "http://127.0.0.1:8080", false),
    (nil, "https://127.0.0.1:8080", false), (nil, "http://127.0.0.1:9999", true),
    (nil, "http://evil.example", true), (nil, "null", true), (nil, nil, false),
    ("same-origin", "http://evil.example", true),
  ])
  func `another site's form is known by the browser's word`(
    site: String?, origin: String?, isForeign: Bool
  ) {
    var headers = HTTPFields()
    headers[.secFetchSite] = site
    headers[.origin] = origin
    #expect(request(headers).isFromAnotherSite == isForeign)
  }
}
