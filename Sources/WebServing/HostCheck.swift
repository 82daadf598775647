import Foundation
package import Hummingbird

/// Refuses requests whose `Host` is a name that is not ours.
///
/// A page of a foreign site can let its own name resolve to 127.0.0.1 and then talks to this server
/// as if it were the same site (DNS rebinding), past every same-origin rule. It needs a *name* for
/// that; so plain IP addresses, `localhost` and the configured public names are enough for everybody
/// else.
package struct HostCheck<Context: RequestContext>: RouterMiddleware {
  let publicHosts: Set<String>

  package init(publicHosts: [String] = []) {
    self.publicHosts = Set(publicHosts.map { $0.lowercased() })
  }

  package func handle(
    _ request: Request, context: Context, next: (Request, Context) async throws -> Response
  ) async throws -> Response {
    // Without a Host (HTTP/1.0 health probes) no browser is speaking.
    if let authority = request.head.authority, !allows(authority) {
      throw WebFailure(.misdirectedRequest, .foreignHost)
    }
    return try await next(request, context)
  }

  func allows(_ authority: String) -> Bool {
    let host = Self.name(in: authority.lowercased())
    return host == "localhost" || host.hasSuffix(".localhost") || publicHosts.contains(host)
      || Self.isAddress(host)
  }

  /// The authority without its port and without the brackets of an IPv6 address.
  static func name(in authority: String) -> String {
    if authority.hasPrefix("["), let end = authority.firstIndex(of: "]") {
      return String(authority[authority.index(after: authority.startIndex)..<end])
    }
    return String(authority[..<(authority.lastIndex(of: ":") ?? authority.endIndex)])
  }

  private static func isAddress(_ host: String) -> Bool {
    var v4 = in_addr()
    var v6 = in6_addr()
    return inet_pton(AF_INET, host, &v4) == 1 || inet_pton(AF_INET6, host, &v6) == 1
  }
}
