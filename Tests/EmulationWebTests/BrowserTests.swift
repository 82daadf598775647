import EmulationAwards
import Foundation
import Logging
import Testing
import WebServing

@testable import EmulationWeb

@Suite(.timeLimit(.minutes(2)))
struct BrowserTests {
  @Test(.enabled(if: Browser.isInstalled))
  func `a real browser sends a form and sees the new ranking`() async throws {
    let sample = try SampleData.builtIn()
    let store = MemoryStore(
      .init(
        bloc: sample.bloc, period: sample.period, head: sample.head, scheme: sample.scheme,
        units: sample.memberships.map(\.unit), exclusions: sample.exclusions))
    for sheet in sample.sheets { try await store.submitSheet(sheet) }
    try await store.recalculate()
    let signals = HandSignals()
    let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    var configuration = WebConfiguration()
    configuration.address.port = 0
    let site = try EmulationSite(
      store: store, signals: signals, reportsFolder: URL(filePath: "/nonexistent"), logger: quiet)
    let server = try WebServer(
      configuration: configuration, sites: [site], errorPages: try SiteErrorPages(), logger: quiet)
    let ready = AsyncStream.makeStream(of: ListenAddress.self)
    try await withThrowingTaskGroup(of: Void.self) { tasks in
      tasks.addTask { try await server.run { ready.continuation.yield($0) } }
      tasks.addTask {
        while !Task.isCancelled {
          try? await Task.sleep(for: .milliseconds(300))
          let pending = RankingStamp(
            try await store.blocPeriod(SampleBloc.key), try await store.ranking(of: SampleBloc.key))
          if pending.isPending {
            signals.send(.changed(SampleBloc.key))
            try? await Task.sleep(for: .milliseconds(300))
            try await store.recalculate()
            signals.send(.changed(SampleBloc.key))
          }
        }
      }
      let address = try #require(await ready.stream.first { _ in true })
      let outcome = try await Browser.run("test_ranking.py", url: "http://\(address)")
      print(outcome.output)
      #expect(outcome.status == 0, "\(outcome.output)")
      server.shutDown()
      tasks.cancelAll()
      try? await tasks.waitForAll()
    }
  }
}
