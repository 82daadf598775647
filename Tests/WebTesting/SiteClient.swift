package import HTTPTypes
import Hummingbird
import HummingbirdCore
package import Logging
package import NIOCore
import NIOEmbedded
import Synchronization
package import WebServing

extension WebServer {
  /// Runs a test against the routes of this server, without a socket and without the work that
  /// its sites do beside requests.
  package func browse<Value: Sendable>(
    _ body: @Sendable (SiteClient) async throws -> Value
  ) async throws -> Value {
    let application = application()
    return try await body(
      SiteClient(responder: application.responder, logger: application.logger))
  }
}

/// Hands requests to a server's routes as if they had come over the network.
package struct SiteClient: Sendable {
  fileprivate let responder: RouterResponder<VisitContext>
  fileprivate let logger: Logger

  /// What came back, with the whole body.
  package struct Answer: Sendable {
    package let status: HTTPResponse.Status
    package let headers: HTTPFields
    package let body: ByteBuffer
  }

  /// Sends one request and returns what `check` makes of the answer.
  ///
  /// - Parameter address: who asks. Default: nobody knows.
  @discardableResult
  package func execute<Value>(
    uri: String, method: HTTPRequest.Method, headers: HTTPFields = [:], body: ByteBuffer? = nil,
    from address: String? = nil,
    check: (Answer) async throws -> Value
  ) async throws -> Value {
    var headers = headers
    if let body { headers[.contentLength] = String(body.readableBytes) }
    let request = Request(
      head: HTTPRequest(
        method: method, scheme: "http", authority: "localhost", path: uri, headerFields: headers),
      body: RequestBody(buffer: body ?? ByteBuffer()))
    let context = try Self.context(from: address, logger: logger)
    let response = try await responder.respond(to: request, context: context)
    let collected = CollectedBody()
    try await response.body.write(collected)
    return try await check(
      Answer(status: response.status, headers: response.headers, body: collected.bytes))
  }
}

extension SiteClient {
  /// What the server knows of a request beside its head.
  package static func context(
    from address: String?, logger: Logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
  ) throws -> VisitContext {
    var context = VisitContext(
      source: ApplicationRequestContextSource(channel: NIOAsyncTestingChannel(), logger: logger))
    context.remoteAddress = try address.map { try SocketAddress(ipAddress: $0, port: 50_000) }
    return context
  }
}

/// Keeps a body that would have gone over the network.
private final class CollectedBody: ResponseBodyWriter {
  private let collected = Mutex(ByteBuffer())

  var bytes: ByteBuffer { collected.withLock { $0 } }

  func write(_ buffer: ByteBuffer) async throws {
    collected.withLock { _ = $0.writeImmutableBuffer(buffer) }
  }

  func finish(_ trailers: HTTPFields?) async throws {}
}
