package import Hummingbird
import HummingbirdCore
package import Logging
import NIOCore
import ServiceLifecycle

/// One part of what the server offers: its pages, and the work that keeps them live.
package protocol WebSite: Sendable {
  /// Called once, before the server listens.
  func addRoutes(to router: Router<VisitContext>)
  /// Background work; returns when its task is cancelled or the server shuts down.
  func run() async throws
}

extension WebSite {
  package func run() async throws { try? await gracefulShutdown() }
}

/// The HTTP server under the sites: it checks where it may listen, puts the security headers on
/// everything, words errors, and ends open requests before it stops.
package final class WebServer: Sendable {
  private let configuration: WebConfiguration
  private let sites: [any WebSite]
  private let errorPages: any ErrorPages
  private let logger: Logger
  private let shutdown = AsyncStream.makeStream(of: Void.self)

  /// - Throws: ``ListenError`` when the configuration would open the pages to other machines
  ///   without being told so.
  package init(
    configuration: WebConfiguration, sites: [any WebSite], errorPages: any ErrorPages,
    logger: Logger
  ) throws {
    try configuration.validate()
    self.configuration = configuration
    self.sites = sites
    self.errorPages = errorPages
    self.logger = logger
  }

  /// Serves until ``shutDown()`` or until the task is cancelled; then lets open requests finish,
  /// for ``WebConfiguration/shutdownGrace`` at most.
  ///
  /// - Parameter onReady: called once, when connections are accepted, with the address in use (the
  ///   port that the system chose, if 0 was asked for).
  /// - Throws: when the address cannot be used (taken, no permission, unknown host).
  package func run(onReady: @escaping @Sendable (ListenAddress) -> Void = { _ in }) async throws {
    let application = application(onReady: onReady)
    var configuration = ServiceGroupConfiguration(
      services: sites.map { .init(service: SiteWork(site: $0)) } + [.init(service: application)],
      logger: logger)
    configuration.maximumGracefulShutdownDuration = self.configuration.shutdownGrace
    let group = ServiceGroup(configuration: configuration)
    try await withThrowingTaskGroup(of: Void.self) { tasks in
      tasks.addTask { try await group.run() }
      tasks.addTask { [shutdown] in
        for await _ in shutdown.stream { await group.triggerGracefulShutdown() }
      }
      defer { tasks.cancelAll() }
      try await tasks.next()
      // The signal's task ends first when its stream was finished.
      shutdown.continuation.finish()
      try await tasks.waitForAll()
    }
  }

  /// Asks ``run(onReady:)`` to end; returns at once. Calling it before or twice is harmless.
  package func shutDown() {
    shutdown.continuation.yield()
    shutdown.continuation.finish()
  }

  /// The server as a value, for tests that drive the router without a socket.
  package func application(
    onReady: @escaping @Sendable (ListenAddress) -> Void = { _ in }
  ) -> Application<RouterResponder<VisitContext>> {
    let asked = configuration.address
    return Application(
      router: router(),
      server: .http1(
        configuration: .init(
          idleTimeout: TimeAmount(configuration.idleTimeout),
          httpDecoderConfiguration: .init(
            maxHeaderFieldSize: 16 * 1024, maxHeaderListSize: 32 * 1024, maxHeaderFieldCount: 100))),
      configuration: .init(
        address: .hostname(asked.host, port: asked.port), serverName: nil,
        availableConnectionsDelegate: MaximumAvailableConnections(configuration.maxConnections)),
      onServerRunning: { channel in
        onReady(ListenAddress(host: asked.host, port: channel.localAddress?.port ?? asked.port))
      },
      logger: logger)
  }

  private func router() -> Router<VisitContext> {
    let router = Router(context: VisitContext.self, options: .autoGenerateHeadEndpoints)
    router.addMiddleware {
      SecurityHeaders()
      ErrorAnswers(pages: errorPages)
      HostCheck(publicHosts: configuration.publicHosts)
      RateCheck(configuration)
    }
    for site in sites { site.addRoutes(to: router) }
    return router
  }
}

private struct SiteWork: Service {
  let site: any WebSite
  func run() async throws { try await site.run() }
}
