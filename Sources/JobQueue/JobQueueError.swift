package import LibpqClient

/// What the queue refused and why. The message is the server's and names the remedy.
public struct JobQueueError: Error, Sendable {
  /// Why a call was refused.
  public enum Code: String, Sendable, Hashable, CaseIterable {
    /// The worker was declared dead; its jobs were given to others.
    case workerDead = "OG001"
    case claimNotOwned = "OG002"
    /// A newer connection of the same worker was confirmed.
    case staleSession = "OG003"
    case unknownQueue = "OG004"
    /// Default limit: 1 MiB.
    case payloadTooLarge = "OG005"
    case badArgument = "OG006"
    /// `UniqueConflict.raise`: another job holds this key.
    case uniqueConflict = "OG007"
    /// READ COMMITTED is needed.
    case wrongIsolationLevel = "OG008"
    /// No such job or workflow, or not in a state that allows this.
    case jobNotFound = "OG009"
    /// The queue's limit of waiting jobs or of their age is reached.
    case queueFull = "OG010"
    /// The payload is no JSON that PostgreSQL can hold, such as text with a NUL character.
    case invalidPayload = "22P05"
  }

  public let code: Code
  public let message: String
  public let detail: String?
  public let hint: String?

  init(_ code: Code, _ message: String, hint: String? = nil) {
    self.code = code
    self.message = message
    self.detail = nil
    self.hint = hint
  }

  /// Nil when the error is not one of the queue's own.
  package init?(_ error: DatabaseError) {
    switch error.sqlState {
    case "22P02", "22021", "22P05": code = .invalidPayload
    case let state?:
      guard let known = Code(rawValue: state) else { return nil }
      code = known
    case nil: return nil
    }
    message = error.message
    detail = error.detail
    hint = error.hint
  }
}

extension JobQueueError: CustomStringConvertible {
  public var description: String {
    [message, detail, hint].compactMap { $0 }.joined(separator: " – ")
  }
}

/// Runs `body`; errors of the queue's own SQL functions come out as `JobQueueError`, all others as
/// they are.
func mappingQueueErrors<T>(_ body: () async throws -> T) async throws -> T {
  do {
    return try await body()
  } catch let error as DatabaseError {
    if let mapped = JobQueueError(error) { throw mapped }
    throw error
  }
}
