import Foundation
public import LibpqClient
import Logging
import PrivatePostgres

/// Where a run measures.
public enum BenchmarkServer: Sendable {
  /// On this server, in a database of the run's own. The login needs CREATEDB.
  case named(ConnectionConfiguration)
  /// On a server that is started for the run with PostgreSQL's own defaults (fsync on), and removed
  /// after it.
  case ofItsOwn

  func withServer<T>(
    _ logger: Logger, _ body: (ConnectionConfiguration) async throws -> T
  ) async throws -> T {
    switch self {
    case .named(let configuration): return try await body(configuration)
    case .ofItsOwn:
      let server = try await Self.start(logger)
      do {
        let value = try await body(server.configuration())
        try await server.stop()
        return value
      } catch {
        try? await server.stop()
        throw error
      }
    }
  }

  /// Temporary, so that its folder goes however this program ends; but as durable as any server.
  private static func start(_ logger: Logger) async throws -> PrivateServer {
    let folder = FileManager.default.temporaryDirectory.appending(
      path: "ong-bench-\(ProcessInfo.processInfo.processIdentifier)")
    var settings = PrivateServer.Settings(
      folder: folder.path(percentEncoded: false), lifetime: .temporary)
    settings.parameters = [
      "fsync": "on", "full_page_writes": "on", "shared_buffers": "128MB",
    ]
    return try await PrivateServer.start(settings, logger: logger)
  }
}
