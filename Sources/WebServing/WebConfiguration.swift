/// How the web server listens and whom it answers.
///
/// It speaks plain HTTP, and sites may serve whoever reaches them. That is why only this machine is
/// served unless ``insecureListen`` is set, and why requests for foreign host names are refused
/// (``HostCheck``).
package struct WebConfiguration: Sendable {
  /// Default `127.0.0.1:8080`. Port 0 takes a free one, see ``WebServer/run(onReady:)``.
  package var address = ListenAddress()
  /// Allows an address that other machines can reach. Default false.
  package var insecureListen = false
  /// Host names by which browsers reach the pages, beside `localhost` and plain IP addresses: the
  /// public name when a proxy stands in front. Compared without regard to case. Default none.
  package var publicHosts: [String] = []
  /// Open connections at once, live pages included; further ones wait. Default 1024.
  package var maxConnections = 1024
  /// A connection that sends nothing for so long is closed. Default 60 s.
  package var idleTimeout: Duration = .seconds(60)
  /// How often one visitor may ask for anything; an open page asks once in 3 s at most. Default:
  /// 200 at once, 50 a second.
  package var requestRate = RateLimit(burst: 200, perSecond: 50)
  /// How often one visitor may send a form. Default: 30 at once, 1 a second.
  package var formRate = RateLimit(burst: 30, perSecond: 1)
  /// Addresses of proxies before us, whose `X-Forwarded-For` is believed, for the rates alone.
  /// Default: this machine.
  package var trustedProxies = ["127.0.0.1", "::1"]
  /// How long open requests may go on after a shutdown is asked for. Default 10 s.
  package var shutdownGrace: Duration = .seconds(10)

  package init() {}

  /// - Throws: ``ListenError``
  package func validate() throws {
    guard (0...65535).contains(address.port) else {
      throw ListenError.malformed(address.description)
    }
    guard address.isLoopback || insecureListen else {
      throw ListenError.reachableFromOutside(address)
    }
  }
}
