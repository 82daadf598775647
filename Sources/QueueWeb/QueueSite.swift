import HTTPTypes
package import Hummingbird
package import JobQueue
import NIOCore
package import WebServing

/// The queue over HTTP, for programs: health, and what queues and workers are doing. It changes
/// nothing and knows no job type.
///
/// | Path | Answer |
/// |---|---|
/// | `/healthz` | 200 while the process serves; never asks the database |
/// | `/readyz` | 200 if the database is reachable with the schemas of this binary, else 503 and why
/// |
/// | `/api/queues` | `{"queues": […]}`, as `ong queues ls --json` |
/// | `/api/workers` | `{"workers": […]}`, as `ong workers ls --json` |
package struct QueueSite: WebSite {
  /// Answers are shared by all who ask within this time, so that many who poll cost the database no
  /// more than one.
  static let freshness = Duration.seconds(1)

  private let readiness: Recent<Readiness>
  private let queues: Recent<String>
  private let workers: Recent<String>
  private let admit: @Sendable (Request) async throws -> Void

  /// - Parameters:
  ///   - check: throws if the process cannot work now; see ``Readiness``.
  ///   - admit: throws for who may not read what queues and workers do. Default: everybody may.
  package init(
    queue: JobQueue, readiness check: @escaping @Sendable () async throws -> Void,
    admit: @escaping @Sendable (Request) async throws -> Void = { _ in }
  ) {
    self.admit = admit
    readiness = Recent(for: Self.freshness) { await Readiness(check) }
    queues = Recent(for: Self.freshness) {
      try JSONNotation.text(QueueList(queues: try await queue.queues()))
    }
    workers = Recent(for: Self.freshness) {
      try JSONNotation.text(WorkerList(workers: try await queue.workers()))
    }
  }

  package func addRoutes(to router: Router<VisitContext>) {
    router.get("healthz") { _, _ in Self.answer(#"{"healthy":true}"#) }
    router.get("readyz") { _, _ in
      let readiness = try await readiness.value()
      return Self.answer(
        try JSONNotation.text(readiness), readiness.ready ? .ok : .serviceUnavailable)
    }
    router.get("api/queues") { request, _ in
      try await admit(request)
      return Self.answer(try await queues.value())
    }
    router.get("api/workers") { request, _ in
      try await admit(request)
      return Self.answer(try await workers.value())
    }
  }

  private static func answer(_ json: String, _ status: HTTPResponse.Status = .ok) -> Response {
    Response(
      status: status,
      headers: [.contentType: "application/json; charset=utf-8", .cacheControl: "no-store"],
      body: ResponseBody(byteBuffer: ByteBuffer(string: json)))
  }
}

private struct QueueList: Encodable { let queues: [QueueStatus] }
private struct WorkerList: Encodable { let workers: [WorkerStatus] }
