public import Foundation
public import JobQueue

/// A payload as it is stored, for a handler that decodes it itself, or not at all.
public struct RawPayload: Sendable {
  let bytes: PayloadBytes

  /// Calls `body` with the JSON, UTF-8. It lies in the memory of the server's answer: copy what is to
  /// be kept. The payload of an encrypted kind comes as it is stored, sealed.
  public func withJSON<T>(_ body: (Data) throws -> T) throws -> T { try bytes.withJSON(body) }
}

extension JobRegistry {
  /// Registers a handler for a kind that this program has no type for, or whose payload it wants to
  /// read by itself. Nothing is decoded before the call. Registering a kind twice is a mistake of the
  /// program and ends it.
  ///
  /// - Parameters:
  ///   - kind: as it is stored, with its version if it has one: `report.render@2`.
  ///   - options: attempts, timeout and backoff. Default: `JobOptions()`.
  ///   - execution: where the handler runs. Default: `.async`.
  public mutating func registerRaw(
    kind: String, options: JobOptions = JobOptions(), execution: JobExecution = .async,
    handler: @escaping @Sendable (RawPayload, JobContext) async throws -> Void
  ) {
    add(
      RegisteredKind(
        stored: StoredKind(kind), options: options, execution: execution, result: .none,
        check: { _, _ in },
        run: { payload, context in
          try await handler(RawPayload(bytes: payload), context)
          return nil
        }))
  }
}
