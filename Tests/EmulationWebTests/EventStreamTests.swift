import Foundation
import Hummingbird
import Logging
import Testing
import WebServing

@testable import EmulationWeb

#if canImport(FoundationNetworking)
  import FoundationNetworking
#endif

@Suite(.timeLimit(.minutes(1)))
struct EventStreamTests {
  @Test func `an open page gets the state at once, and a shutdown does not wait for it`()
    async throws
  {
    let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    let site = try EmulationSite(
      store: MemoryStore(), signals: HandSignals(), signIn: nil,
      reportsFolder: URL(filePath: "/nonexistent"), logger: quiet)
    var configuration = WebConfiguration()
    configuration.address.port = 0
    configuration.shutdownGrace = .seconds(15)
    let server = try WebServer(
      configuration: configuration, sites: [site], errorPages: try SiteErrorPages(), logger: quiet)
    let ready = AsyncStream.makeStream(of: ListenAddress.self)
    try await withThrowingTaskGroup(of: Void.self) { tasks in
      tasks.addTask { try await server.run { ready.continuation.yield($0) } }
      let address = try #require(await ready.stream.first { _ in true })
      let stream = try #require(
        URL(string: "http://127.0.0.1:\(address.port)/khoi/HDT/2023/truc-tiep"))
      async let answer = URLSession.shared.data(from: stream)
      while site.parts.live.watcherCount == 0, !Task.isCancelled { await Task.yield() }
      let asked = ContinuousClock.now
      server.shutDown()
      let (body, response) = try await answer
      let type = (response as? HTTPURLResponse)?.value(forHTTPHeaderField: "Content-Type")
      #expect(type == "text/event-stream; charset=utf-8")
      let event = "event: ranking\ndata: {\"stamp\":\"0.-\",\"pending\":false}\n\n"
      #expect(String(decoding: body, as: UTF8.self).contains(event))
      try await tasks.waitForAll()
      #expect(ContinuousClock.now - asked < .seconds(10))
    }
    #expect(site.parts.live.watcherCount == 0)
  }
}
