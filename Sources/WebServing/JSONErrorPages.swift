import HTTPTypes
package import Hummingbird
import NIOCore

/// Failures for programs: `{"error":{"reason":"notFound","reference":"…"}}`.
package struct JSONErrorPages: ErrorPages {
  package init() {}

  package func response(to request: Request, failure: WebFailure, reference: String) -> Response {
    let text = #"{"error":{"reason":"\#(failure.reason)","reference":"\#(reference)"}}"#
    return Response(
      status: failure.status,
      headers: [.contentType: "application/json; charset=utf-8", .cacheControl: "no-store"],
      body: ResponseBody(byteBuffer: ByteBuffer(string: text)))
  }
}
