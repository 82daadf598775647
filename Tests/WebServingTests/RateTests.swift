import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import Testing
import WebTesting

@testable import WebServing

private struct FormSite: WebSite {
  func addRoutes(to router: Router<VisitContext>) {
    router.get("page") { _, _ in "page" }
    router.post("form") { _, _ in "taken" }
  }
}

private func server(_ change: (inout WebConfiguration) -> Void = { _ in }) throws -> WebServer {
  var configuration = WebConfiguration()
  configuration.requestRate = RateLimit(burst: 5, perSecond: 0.001)
  configuration.formRate = RateLimit(burst: 2, perSecond: 0.001)
  change(&configuration)
  return try WebServer(
    configuration: configuration, sites: [FormSite()], errorPages: JSONErrorPages(),
    logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
}

struct RateTests {
  @Test func `a bucket gives its burst, then what comes back, and never more than its burst`() {
    var buckets = TokenBuckets(RateLimit(burst: 3, perSecond: 2))
    for _ in 1...3 { #expect(buckets.take("a", at: .zero) == nil) }
    #expect(buckets.take("a", at: .zero) == .milliseconds(500))
    #expect(buckets.take("b", at: .zero) == nil)
    #expect(buckets.take("a", at: .milliseconds(400)) != nil)
    #expect(buckets.take("a", at: .milliseconds(500)) == nil)
    for _ in 1...3 { #expect(buckets.take("a", at: .seconds(3600)) == nil) }
    #expect(buckets.take("a", at: .seconds(3600)) != nil)
  }

  @Test func `a crowd costs bounded memory, and who keeps asking is not forgotten`() {
    var buckets = TokenBuckets(RateLimit(burst: 2, perSecond: 0.0001), capacity: 100)
    for second in 0..<1000 {
      _ = buckets.take("v\(second)", at: .seconds(second))
      _ = buckets.take("busy", at: .seconds(second))
    }
    #expect(buckets.count <= 100)
    #expect(buckets.take("busy", at: .seconds(1000)) != nil)
  }

  @Test func `who asks too often is told when to come back, and others are served`() async throws {
    try await server().browse { client in
      for _ in 1...5 {
        try await client.execute(uri: "/page", method: .get, from: "10.0.0.1") {
          #expect($0.status == .ok)
        }
      }
      try await client.execute(uri: "/page", method: .get, from: "10.0.0.1") { response in
        #expect(response.status == .tooManyRequests)
        #expect(Int(response.headers[.retryAfter] ?? "").map { $0 > 0 && $0 <= 1000 } == true)
        #expect(response.headers[.contentSecurityPolicy] != nil)
      }
      try await client.execute(uri: "/page", method: .get, from: "10.0.0.2") {
        #expect($0.status == .ok)
      }
    }
  }

  @Test func `forms have a rate of their own`() async throws {
    try await server().browse { client in
      for status in [HTTPResponse.Status.ok, .ok, .tooManyRequests] {
        try await client.execute(uri: "/form", method: .post, from: "10.0.0.1") {
          #expect($0.status == status)
        }
      }
      try await client.execute(uri: "/page", method: .get, from: "10.0.0.1") {
        #expect($0.status == .ok)
      }
    }
  }

  @Test func `addresses without a page count too`() async throws {
    try await server().browse { client in
      for status in [HTTPResponse.Status](repeating: .notFound, count: 5) + [.tooManyRequests] {
        try await client.execute(uri: "/nowhere", method: .get, from: "10.0.0.9") {
          #expect($0.status == status)
        }
      }
    }
  }

  @Test(arguments: [
    ("10.0.0.1", nil, "10.0.0.1"), ("10.0.0.1", "1.2.3.4", "10.0.0.1"),
    ("127.0.0.1", "1.2.3.4", "1.2.3.4"), ("127.0.0.1", "6.6.6.6, 1.2.3.4", "1.2.3.4"),
    ("10.9.9.9", "1.2.3.4", "1.2.3.4"), ("127.0.0.1", nil, "127.0.0.1"),
    ("127.0.0.1", " ", "127.0.0.1"),
    ("2001:db8:0:1::5", nil, "20:1:d:b8:0:0:0:1"), ("2001:db8:0:1:9::", nil, "20:1:d:b8:0:0:0:1"),
  ])
  func `only a trusted proxy says who the visitor is, and only its own word counts`(
    address: String, forwarded: String?, visitor: String
  ) throws {
    var configuration = WebConfiguration()
    configuration.trustedProxies.append("10.9.9.9")
    var headers = HTTPFields()
    if let forwarded { headers[HTTPField.Name("X-Forwarded-For")!] = forwarded }
    let request = Request(
      head: .init(
        method: .get, scheme: "http", authority: "localhost", path: "/", headerFields: headers),
      body: RequestBody(buffer: ByteBuffer()))
    let context = try SiteClient.context(from: address)
    #expect(RateCheck(configuration).visitor(request, context) == visitor)
  }
}
