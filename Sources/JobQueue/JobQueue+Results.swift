import Foundation
import LibpqClient

/// How a job has ended.
public struct JobEnd: Sendable, Hashable {
  /// `succeeded`, `dead`, `discarded`, `cancelled` or `expired`.
  public var state: JobState
  /// What the handler returned, as JSON; nil if it returns nothing.
  public var result: String?
  /// The last error of a dead job, the reason of a discarded one.
  public var error: String?

  public init(state: JobState, result: String? = nil, error: String? = nil) {
    self.state = state
    self.result = result
    self.error = error
  }
}

/// Why a result can't be had.
public enum JobResultError: Error, Sendable, Hashable {
  /// The job has ended otherwise than by success.
  case notSucceeded(id: Int64, JobEnd)
  /// The job has not ended in time. It goes on; asking again is allowed.
  case notInTime(id: Int64, limit: Duration)
  /// The job has succeeded, but its handler returns nothing, or the result is no longer kept
  /// (setting `keep_results`, one day by default).
  case notStored(id: Int64)
  /// Nothing is known of the job: it is not committed yet, or was forgotten.
  case unknownJob(id: Int64)
}

extension JobResultError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .notSucceeded(let id, let end):
      "job \(id) is \(end.state.rawValue)" + (end.error.map { ": \($0)" } ?? "")
    case .notInTime(let id, let limit): "job \(id) has not ended within \(limit)"
    case .notStored(let id):
      "job \(id) has succeeded, but no result of it is kept – see the setting keep_results"
    case .unknownJob(let id):
      "nothing is known of job \(id) – was the transaction that enqueues it committed?"
    }
  }
}

/// Waiting for jobs. It costs the job that is waited for a row in `tracked` and a notification, others
/// nothing; jobs that have ended already cost only the question.
extension JobQueue {
  /// What the job's handler returned, awaited for at most `limit`. Ask after the transaction that
  /// enqueues the job has committed; any process may ask, also long after the job has ended.
  ///
  /// - Throws: `JobResultError`, `DecodingError`, `CancellationError`, or `DatabaseError` when the
  ///   server can't be reached.
  public func result<J: Job>(of job: JobHandle<J>, within limit: Duration) async throws -> J.Output
  where J.Output: Decodable {
    try await result(ofJob: job.id, as: J.Output.self, within: limit)
  }

  /// Suspends until the job has succeeded; for jobs whose handler returns nothing.
  ///
  /// - Throws: `JobResultError` if it ends otherwise or not in time.
  public func result<J: Job>(of job: JobHandle<J>, within limit: Duration) async throws
  where J.Output == Void {
    _ = try await success(ofJob: job.id, within: limit)
  }

  /// The same for a job whose handler stands apart from its payload.
  public func result<Output: Decodable>(
    ofJob id: Int64, as type: Output.Type = Output.self, within limit: Duration
  ) async throws -> Output {
    guard let json = try await success(ofJob: id, within: limit).result else {
      throw JobResultError.notStored(id: id)
    }
    return try PayloadCoding.decode(type, from: Data(json.utf8))
  }

  /// How the job ends, awaited for at most `limit`.
  ///
  /// - Throws: `JobResultError.notInTime` or `.unknownJob`.
  public func end(ofJob id: Int64, within limit: Duration) async throws -> JobEnd {
    if let end = try await recordedEnd(ofJob: id) { return end }
    // Listened for before the interest is registered, registered before the state is looked at: only
    // a settle that is under way meanwhile can be missed, and the clock finds that.
    let news = await ends.news(of: id, for: limit)
    _ = try await run("select \(sql("await_end"))($1)", [id])
    repeat {
      if let end = try await recordedEnd(ofJob: id) { return end }
    } while await news.next()
    try Task.checkCancellation()
    throw JobResultError.notInTime(id: id, limit: limit)
  }

  private func success(ofJob id: Int64, within limit: Duration) async throws -> JobEnd {
    let end = try await end(ofJob: id, within: limit)
    guard end.state == .succeeded else { throw JobResultError.notSucceeded(id: id, end) }
    return end
  }

  /// Nil: not ended.
  private func recordedEnd(ofJob id: Int64) async throws -> JobEnd? {
    let row = try await run("select state, result::text, error from \(sql("job_end"))($1)", [id])
    guard let word = try row[0, 0].decode(String?.self) else {
      throw JobResultError.unknownJob(id: id)
    }
    guard let state = JobState(rawValue: word), state.isFinal else { return nil }
    return JobEnd(
      state: state, result: try row[0, 1].decode(String?.self),
      error: try row[0, 2].decode(String?.self))
  }
}
