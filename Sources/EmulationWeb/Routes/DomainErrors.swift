import EmulationAwards
import Hummingbird
import WebServing

/// Says in the web's terms what the domain refused.
struct DomainErrors<Context: RequestContext>: RouterMiddleware {
  func handle(
    _ request: Request, context: Context, next: (Request, Context) async throws -> Response
  ) async throws -> Response {
    do {
      return try await next(request, context)
    } catch EmulationError.unknown {
      throw WebFailure(.notFound, .notFound)
    }
  }
}

extension RequestContext {
  /// The bloc and period that a path names.
  func blocPeriodKey() throws -> BlocPeriodKey {
    BlocPeriodKey(bloc: try parameters.require("bloc"), period: try parameters.require("period"))
  }
}
