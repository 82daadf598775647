import EmulationAwards
import Hummingbird
import PasswordHashing
import WebServing

/// Says in the web's terms what the domain refused, and sends to the sign-in page who has to sign
/// in.
struct DomainErrors<Context: RequestContext>: RouterMiddleware {
  func handle(
    _ request: Request, context: Context, next: (Request, Context) async throws -> Response
  ) async throws -> Response {
    do {
      return try await next(request, context)
    } catch EmulationError.unknown {
      throw WebFailure(.notFound, .notFound)
    } catch is SignInNeeded {
      // What a sent form holds would be lost on the way; its page is still there, one step back.
      guard [.get, .head].contains(request.method) else {
        throw WebFailure(.forbidden, .signInNeeded)
      }
      let paths = AccountPaths(language: Language(path: request.uri.path))
      return .redirect(to: paths.signIn(for: request.head.path ?? "/"), type: .normal)
    } catch is PasswordHasher.Busy {
      throw WebFailure(.serviceUnavailable, .unavailable, retryAfter: .seconds(5))
    }
  }
}

extension RequestContext {
  /// The bloc and period that a path names.
  func blocPeriodKey() throws -> BlocPeriodKey {
    BlocPeriodKey(bloc: try parameters.require("bloc"), period: try parameters.require("period"))
  }
}
