import HTTPTypes
package import Hummingbird

/// Puts the headers on every answer, errors included, that tell a browser to run nothing but our own
/// files: no inline script or style, no frames around us, no other site's content.
package struct SecurityHeaders<Context: RequestContext>: RouterMiddleware {
  package init() {}

  static var fields: HTTPFields {
    [
      .contentSecurityPolicy: """
      default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
      form-action 'self'; base-uri 'none'; frame-ancestors 'none'
      """,
      .xContentTypeOptions: "nosniff",
      // Not no-referrer: that would turn the Origin of our own forms into "null".
      .referrerPolicy: "same-origin",
      .frameOptions: "DENY",
      .openerPolicy: "same-origin",
      .resourcePolicy: "same-origin",
      .permissionsPolicy: "camera=(), geolocation=(), microphone=()",
    ]
  }

  package func handle(
    _ request: Request, context: Context, next: (Request, Context) async throws -> Response
  ) async throws -> Response {
    var response = try await next(request, context)
    for field in Self.fields { response.headers[field.name] = field.value }
    if response.headers[.cacheControl] == nil {
      response.headers[.cacheControl] = "private, no-cache"
    }
    return response
  }
}

extension HTTPField.Name {
  static let referrerPolicy = Self("Referrer-Policy")!
  static let frameOptions = Self("X-Frame-Options")!
  static let openerPolicy = Self("Cross-Origin-Opener-Policy")!
  static let resourcePolicy = Self("Cross-Origin-Resource-Policy")!
  static let permissionsPolicy = Self("Permissions-Policy")!
}
