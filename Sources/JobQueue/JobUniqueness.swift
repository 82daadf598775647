/// Keeps equal jobs from piling up: at most one job of a queue holds a key.
///
/// The key's row decides, not a look at the queue: it is exact however many enqueue at the same time,
/// in bulk too, and a transaction that rolls back gives the key back.
public struct JobUniqueness: Sendable, Hashable {
  /// How long a job holds its key. Cancelling the job gives the key back in any case.
  public enum Scope: Sendable, Hashable {
    /// Until a worker claims it: what is enqueued afterwards runs afterwards. A crash of the worker
    /// does not take the key again.
    case waiting
    /// Until it has ended, be it well or as a dead letter: through all of its retries and crashes.
    case settled
    /// For this long from the moment of enqueueing, whatever becomes of the job. 1 ms to 10 years.
    case window(Duration)
  }

  package enum Key: Sendable, Hashable {
    case text(String)
    case payload

    var text: String? {
      if case .text(let text) = self { text } else { nil }
    }
  }

  package var key: Key
  public var scope: Scope
  public var onConflict: UniqueConflict

  /// - Parameter key: at most 512 bytes; its own in each queue, shared by all kinds.
  public static func key(
    _ key: String, until scope: Scope = .waiting, onConflict: UniqueConflict = .keep
  ) -> JobUniqueness {
    JobUniqueness(key: .text(key), scope: scope, onConflict: onConflict)
  }

  /// The key is the kind and a hash of the whole payload (the SQL function `payload_key`): two jobs are
  /// equal when their JSON is, whatever the order of its members. Not for encrypted kinds.
  public static func payload(
    until scope: Scope = .waiting, onConflict: UniqueConflict = .keep
  ) -> JobUniqueness {
    JobUniqueness(key: .payload, scope: scope, onConflict: onConflict)
  }
}

extension JobUniqueness {
  /// Encryption makes equal payloads differ, and a hash of what is encrypted would tell who is equal.
  func checked<Payload: JobPayload>(for type: Payload.Type) throws -> JobUniqueness {
    guard Payload.isEncrypted, key == .payload else { return self }
    throw JobQueueError(
      .badArgument, "the payload of an encrypted kind, \(Payload.kind), can't be a unique key",
      hint: "Give a key that says nothing secret: .key(…).")
  }
}

/// What `enqueue` does when another job holds the unique key.
public enum UniqueConflict: String, Sendable, Hashable, CaseIterable {
  /// Keep the other job and return its id. The new payload is dropped.
  case keep
  /// Debounce: the other job gets the new payload, time, expiry, tags and trace, and keeps its id and
  /// priority. One that has started already is kept as it is.
  case replace
  /// Throw `JobQueueError` with code `.uniqueConflict`.
  case raise
}

extension JobUniqueness.Scope {
  var name: String {
    switch self {
    case .waiting: "waiting"
    case .settled: "settled"
    case .window: "window"
    }
  }

  var window: Duration? {
    if case .window(let duration) = self { duration } else { nil }
  }
}
