import Foundation

extension JobContext {
  /// Says how far the work has come; shown by `ong jobs show` and in `JobStory.progress`.
  ///
  /// Costs nothing to call often: the worker writes the latest of all its jobs once a second at most.
  ///
  /// - Parameters:
  ///   - progress: 0…1, clamped; nil where it can't be told.
  ///   - note: such as "page 3 of 8"; cut after 500 bytes.
  public func report(progress: Double?, _ note: String? = nil) {
    let fraction = progress.flatMap { $0.isNaN ? nil : min(max($0, 0), 1) }
    services?.report(fraction: fraction, note: note)
  }

  /// Keeps a value for the next attempt of this job; returns when it is durable. A later one
  /// replaces it, and it goes when the job has ended otherwise than as a dead letter.
  ///
  /// - Throws: `EncodingError`; `JobQueueError` when the job is no longer this worker's, or the value
  ///   has more than 1 MiB of JSON; `DatabaseError`.
  public func checkpoint(_ value: some Encodable) async throws {
    try await services?.saveCheckpoint(try PayloadCoding.encode(value))
  }

  /// What this or an earlier attempt has kept; nil if none has. Asks the server.
  ///
  /// - Throws: `DecodingError` when it is no `Value`; `DatabaseError`.
  public func checkpoint<Value: Decodable>(as type: Value.Type) async throws -> Value? {
    guard let json = try await services?.loadCheckpoint() else { return nil }
    return try PayloadCoding.decode(type, from: Data(json.utf8))
  }
}
