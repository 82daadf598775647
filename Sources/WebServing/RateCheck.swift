import HTTPTypes
package import Hummingbird
import NIOCore
import Synchronization

/// Answers 429 with `Retry-After` to who asks more often than people do, forms counted apart.
///
/// A visitor is an address: most have no account, and a cookie is the visitor's to throw away.
/// Behind a proxy that ``WebConfiguration/trustedProxies`` names, it is the last address of
/// `X-Forwarded-For`, which is the one that the proxy itself has seen.
package final class RateCheck: RouterMiddleware {
  package typealias Context = VisitContext

  private struct Buckets {
    var requests: TokenBuckets
    var forms: TokenBuckets
  }

  private let buckets: Mutex<Buckets>
  private let trustedProxies: Set<String>
  private let now: @Sendable () -> Duration

  package convenience init(_ configuration: WebConfiguration) {
    let start = ContinuousClock.now
    self.init(configuration) { ContinuousClock.now - start }
  }

  init(_ configuration: WebConfiguration, now: @escaping @Sendable () -> Duration) {
    buckets = Mutex(
      Buckets(
        requests: TokenBuckets(configuration.requestRate),
        forms: TokenBuckets(configuration.formRate)))
    trustedProxies = Set(configuration.trustedProxies)
    self.now = now
  }

  package func handle(
    _ request: Request, context: VisitContext,
    next: (Request, VisitContext) async throws -> Response
  ) async throws -> Response {
    let visitor = visitor(request, context)
    let isForm = request.method != .get && request.method != .head
    let wait = buckets.withLock { buckets in
      buckets.requests.take(visitor, at: now())
        ?? (isForm ? buckets.forms.take(visitor, at: now()) : nil)
    }
    if let wait { throw WebFailure(.tooManyRequests, .tooMany, retryAfter: wait) }
    var context = context
    context.visitorAddress = visitor
    return try await next(request, context)
  }

  func visitor(_ request: Request, _ context: VisitContext) -> String {
    let address = context.remoteAddress?.ipAddress ?? ""
    guard trustedProxies.contains(address),
      let forwarded = request.headers[values: .forwardedFor].last?
        .split(separator: ",").last.map({ String($0.filter { !$0.isWhitespace }) }),
      !forwarded.isEmpty, forwarded.utf8.count <= 64
    else { return VisitorNetwork.of(address) }
    return VisitorNetwork.of(forwarded)
  }
}

extension HTTPField.Name {
  fileprivate static let forwardedFor = Self("X-Forwarded-For")!
}
