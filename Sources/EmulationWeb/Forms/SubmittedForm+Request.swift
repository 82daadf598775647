import HTTPTypes
import Hummingbird
import NIOCore
import WebServing

extension SubmittedForm {
  /// Largest form that is read, in bytes.
  static let maxSize = 64 * 1024

  /// The form that a request carries, if the browser does not say itself that another site sent it.
  ///
  /// - Throws: ``WebFailure``
  init(of request: Request) async throws {
    if request.isFromAnotherSite { throw WebFailure(.forbidden, .forgedForm) }
    let type = request.headers[.contentType]?.lowercased() ?? ""
    guard type.hasPrefix("application/x-www-form-urlencoded") else {
      throw WebFailure(.unsupportedMediaType, .malformed)
    }
    let body = try await request.body.collect(upTo: Self.maxSize)
    guard let form = SubmittedForm(body.readableBytesView) else {
      throw WebFailure(.badRequest, .malformed)
    }
    self = form
  }
}
