import Foundation
import Hummingbird
import Logging
import Synchronization
import Testing
import WebTesting

@testable import WebServing

#if canImport(FoundationNetworking)
  import FoundationNetworking
#endif

private struct PlainSite: WebSite {
  let endless = AsyncStream.makeStream(of: Void.self)

  func addRoutes(to router: Router<VisitContext>) {
    router.get("fine") { _, _ in "fine" }
    router.get("broken") { _, _ -> String in throw Secret() }
    router.get("endless") { _, _ in
      Response(
        status: .ok,
        body: ResponseBody { writer in
          try await writer.write(ByteBuffer(string: "started"))
          endless.continuation.yield()
          try await Task.sleep(for: .seconds(3600))
        })
    }
  }

  struct Secret: Error, CustomStringConvertible {
    var description: String { "password=hunter2" }
  }
}

private func server(
  site: PlainSite = PlainSite(), _ change: (inout WebConfiguration) -> Void = { _ in }
) throws -> WebServer {
  var configuration = WebConfiguration()
  configuration.address.port = 0
  change(&configuration)
  return try WebServer(
    configuration: configuration, sites: [site], errorPages: JSONErrorPages(),
    logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
}

struct WebServerTests {
  @Test(arguments: ["/fine", "/broken", "/nowhere"])
  func `every answer carries the security headers, errors too`(path: String) async throws {
    try await server().browse { client in
      try await client.execute(uri: path, method: .get) { response in
        let policy = try #require(response.headers[.contentSecurityPolicy])
        #expect(policy.contains("default-src 'none'"))
        #expect(policy.contains("frame-ancestors 'none'"))
        #expect(!policy.contains("unsafe"))
        #expect(response.headers[.xContentTypeOptions] == "nosniff")
        #expect(response.headers[.referrerPolicy] == "same-origin")
        #expect(response.headers[.cacheControl] != nil)
      }
    }
  }

  @Test func `an unknown path is not found, and a fault keeps its secret`() async throws {
    try await server().browse { client in
      try await client.execute(uri: "/nowhere", method: .get) { #expect($0.status == .notFound) }
      try await client.execute(uri: "/broken", method: .get) { response in
        #expect(response.status == .internalServerError)
        #expect(!String(buffer: response.body).contains("hunter2"))
      }
    }
  }

  @Test(arguments: [
    ("localhost:8080", true), ("LOCALHOST", true), ("a.localhost", true), ("127.0.0.1:80", true),
    ("[::1]:8080", true), ("10.1.2.3", true), ("ong.example.vn:443", true),
    ("evil.example", false), ("127.0.0.1.evil.example", false), ("localhost.evil.example", false),
    ("", false),
  ])
  func `only our own names are answered`(authority: String, isOurs: Bool) {
    let check = HostCheck<VisitContext>(publicHosts: ["Ong.example.vn"])
    #expect(check.allows(authority) == isOurs)
  }

  @Test(.timeLimit(.minutes(1)))
  func `the chosen port is told, and a shutdown ends open requests after the grace`() async throws {
    let site = PlainSite()
    let server = try server(site: site) { $0.shutdownGrace = .milliseconds(200) }
    let ready = AsyncStream.makeStream(of: ListenAddress.self)
    try await withThrowingTaskGroup(of: Void.self) { tasks in
      tasks.addTask { try await server.run { ready.continuation.yield($0) } }
      let address = try #require(await ready.stream.first { _ in true })
      #expect(address.port > 0)
      let endless = try #require(URL(string: "http://127.0.0.1:\(address.port)/endless"))
      let request = Task { try await URLSession.shared.data(from: endless) }
      _ = await site.endless.stream.first { _ in true }
      server.shutDown()
      server.shutDown()
      try await tasks.waitForAll()
      // Its own end is waited for: cancelling a URLSession's task can deadlock on Linux.
      _ = await request.result
    }
  }

  @Test(.timeLimit(.minutes(1)))
  func `a port in use is an error, not a hang`() async throws {
    let first = try server()
    let ready = AsyncStream.makeStream(of: ListenAddress.self)
    try await withThrowingTaskGroup(of: Void.self) { tasks in
      tasks.addTask { try await first.run { ready.continuation.yield($0) } }
      let address = try #require(await ready.stream.first { _ in true })
      let second = try server { $0.address = address }
      await #expect(throws: (any Error).self) { try await second.run() }
      first.shutDown()
      try await tasks.waitForAll()
    }
  }
}
