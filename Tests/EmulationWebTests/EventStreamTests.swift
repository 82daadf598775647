import Foundation
import Hummingbird
import HummingbirdTesting
import Logging
import Testing
import WebServing

@testable import EmulationWeb

@Suite(.timeLimit(.minutes(1)))
struct EventStreamTests {
  @Test func `an open page gets the state at once, and a shutdown does not wait for it`()
    async throws
  {
    let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    let site = try EmulationSite(
      store: MemoryStore(), signals: HandSignals(), reportsFolder: URL(filePath: "/nonexistent"),
      logger: quiet)
    var configuration = WebConfiguration()
    configuration.address.port = 0
    configuration.shutdownGrace = .seconds(15)
    let server = try WebServer(
      configuration: configuration, sites: [site], errorPages: try SiteErrorPages(), logger: quiet)
    let ready = AsyncStream.makeStream(of: ListenAddress.self)
    try await withThrowingTaskGroup(of: Void.self) { tasks in
      tasks.addTask { try await server.run { ready.continuation.yield($0) } }
      let address = try #require(await ready.stream.first { _ in true })
      let client = TestClient(host: "127.0.0.1", port: address.port, configuration: .init())
      client.connect()
      async let answer = client.get("/khoi/HDT/2023/truc-tiep")
      while site.parts.live.watcherCount == 0, !Task.isCancelled { await Task.yield() }
      let asked = ContinuousClock.now
      server.shutDown()
      let response = try await answer
      #expect(response.headers[.contentType] == "text/event-stream; charset=utf-8")
      let body = response.body.map { String(buffer: $0) } ?? ""
      #expect(body.contains("event: ranking\ndata: {\"stamp\":\"0.-\",\"pending\":false}\n\n"))
      try await tasks.waitForAll()
      #expect(ContinuousClock.now - asked < .seconds(10))
      try await client.shutdown()
    }
    #expect(site.parts.live.watcherCount == 0)
  }
}
