package import HTTPTypes
package import Hummingbird
import LibpqClient
import Logging

/// A refusal that the visitor is told about: a status, and which of the known reasons it was. The
/// wording belongs to the site that answers (``ErrorPages``).
package struct WebFailure: Error, Equatable {
  package enum Reason: Sendable {
    /// No page there, or not this unit, report or period.
    case notFound
    /// The request cannot be read as what the page sends.
    case malformed
    /// A form larger than the limit.
    case tooLarge
    /// The form was not sent from our own page by this browser.
    case forgedForm
    /// Only who has signed in may do this.
    case signInNeeded
    /// Who has signed in may not do this.
    case notAllowed
    /// The `Host` is not one of ours.
    case foreignHost
    /// The visitor asks too often.
    case tooMany
    /// The database is away, or too many are asking.
    case unavailable
    /// Our fault; the log has the details.
    case unexpected
  }

  package let status: HTTPResponse.Status
  package let reason: Reason
  /// When asking again makes sense; told as `Retry-After`.
  package let retryAfter: Duration?

  package init(
    _ status: HTTPResponse.Status, _ reason: Reason, retryAfter: Duration? = nil
  ) {
    self.status = status
    self.reason = reason
    self.retryAfter = retryAfter
  }

  /// What a thrown error means to a visitor.
  init(_ error: any Error) {
    switch error {
    case let failure as WebFailure: self = failure
    case let error as any HTTPResponseError: self.init(status: error.status)
    case let error as DatabaseError where error.isAway:
      self.init(.serviceUnavailable, .unavailable)
    default: self.init(.internalServerError, .unexpected)
    }
  }

  private init(status: HTTPResponse.Status) {
    let reason: Reason =
      switch status {
      case .notFound, .methodNotAllowed: .notFound
      case .contentTooLarge: .tooLarge
      case .serviceUnavailable: .unavailable
      case _ where status.kind == .clientError: .malformed
      default: .unexpected
      }
    self.init(status, reason)
  }
}

extension DatabaseError {
  /// Whether asking again in a while can help.
  fileprivate var isAway: Bool {
    isConnectionLost || isRetryable || [.connection, .timeout, .closed].contains(kind)
  }
}

/// Words failures for visitors. Never given the error itself: what went wrong inside stays inside.
package protocol ErrorPages: Sendable {
  /// - Parameter reference: the request's number in the log.
  func response(to request: Request, failure: WebFailure, reference: String) -> Response
}

/// Turns every thrown error, and every path without a page, into an answer of ``ErrorPages``, and
/// writes what was our fault to the log.
package struct ErrorAnswers<Context: RequestContext>: RouterMiddleware {
  let pages: any ErrorPages

  package init(pages: any ErrorPages) {
    self.pages = pages
  }

  package func handle(
    _ request: Request, context: Context, next: (Request, Context) async throws -> Response
  ) async throws -> Response {
    do {
      return try await next(request, context)
    } catch {
      let failure = WebFailure(error)
      if failure.status.kind == .serverError {
        context.logger.error(
          "a request failed",
          metadata: ["path": "\(request.uri.path)", "error": "\(error)"])
      }
      // Not `context.id`: that traps when the log handler keeps no metadata.
      let reference = context.logger[metadataKey: "hb.request.id"]?.description ?? "–"
      var response = pages.response(to: request, failure: failure, reference: reference)
      if let wait = failure.retryAfter {
        // In whole seconds, rounded up: whoever obeys is let in.
        response.headers[.retryAfter] = String(Int((wait / .seconds(1)).rounded(.up)))
      }
      return response
    }
  }
}
