package import Hummingbird
package import NIOCore

/// What a request knows beside its head and body: who is on the other end of the connection.
package struct VisitContext: RequestContext, RemoteAddressRequestContext {
  package var coreContext: CoreRequestContextStorage
  /// The other end: the browser, or the proxy before us. Nil in tests without a socket.
  package var remoteAddress: SocketAddress?
  /// Who asks, as far as rates and attempts are counted: ``RateCheck`` finds it out.
  package var visitorAddress = ""

  package init(source: ApplicationRequestContextSource) {
    coreContext = .init(source: source)
    remoteAddress = source.channel.remoteAddress
  }
}
