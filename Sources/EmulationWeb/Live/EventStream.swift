import Hummingbird
import NIOCore
import ServiceLifecycle

/// An answer of Server-Sent Events that goes on until the browser leaves or the server shuts down.
struct EventStream: ResponseGenerator {
  let states: AsyncStream<RankingStamp>
  /// How soon a browser that lost the connection comes back, in milliseconds.
  static let retry = 2000

  func response(from request: Request, context: some RequestContext) throws -> Response {
    Response(
      status: .ok,
      headers: [.contentType: "text/event-stream; charset=utf-8", .cacheControl: "no-store"],
      body: ResponseBody { writer in
        try await writer.write(ByteBuffer(string: "retry: \(Self.retry)\n\n"))
        for await state in states.cancelOnGracefulShutdown() {
          try await writer.write(ByteBuffer(string: "event: ranking\ndata: \(state.json)\n\n"))
        }
        try await writer.finish(nil)
      })
  }
}
