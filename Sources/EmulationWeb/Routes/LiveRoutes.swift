import Hummingbird
import NIOCore
import WebServing

/// The live channel of a ranking, and the same state for browsers that have to ask for it.
struct LiveRoutes: Sendable {
  let live: LiveRankings

  func addRoutes(to group: RouterGroup<VisitContext>) {
    group.get("khoi/:bloc/:period/truc-tiep") { request, context in
      guard let states = try await live.watch(context.blocPeriodKey()) else {
        throw WebFailure(.serviceUnavailable, .unavailable)
      }
      return try EventStream(states: states).response(from: request, context: context)
    }
    group.get("khoi/:bloc/:period/trang-thai") { _, context in
      Response(
        status: .ok,
        headers: [.contentType: "application/json; charset=utf-8", .cacheControl: "no-store"],
        body: ResponseBody(
          byteBuffer: ByteBuffer(string: try await live.stamp(of: context.blocPeriodKey()).json)))
    }
  }
}
