/// Names one enqueued job.
public struct JobHandle<Payload: JobPayload>: Sendable, Hashable {
  /// The job's id, unique in the database. With `UniqueConflict.keep` it may be the id of a job
  /// that was already waiting.
  public let id: Int64

  package init(id: Int64) { self.id = id }
}

/// What `enqueue` does when a job with the same unique key already waits in the queue. A key is
/// taken while its job waits and free again as soon as that is claimed.
public enum UniqueConflict: String, Sendable, Hashable, CaseIterable {
  /// Keep the waiting job and return its id. The new payload is dropped.
  case keep
  /// Debounce: give the waiting job the new payload and the new time.
  case replace
  /// Throw `JobQueueError` with code `.uniqueConflict`.
  case raise
}
