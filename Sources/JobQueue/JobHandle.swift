/// Names one enqueued job.
public struct JobHandle<Payload: JobPayload>: Sendable, Hashable {
  /// The job's id, unique in the database. With a unique key it may be the id of the
  /// job that held the key already.
  public let id: Int64

  package init(id: Int64) { self.id = id }
}
