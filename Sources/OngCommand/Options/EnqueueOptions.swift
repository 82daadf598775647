import ArgumentParser
import Foundation
import JobQueue

/// What `ong enqueue` may say about a job beside its kind and payload.
struct EnqueueOptions: ParsableArguments {
  @Option(help: "Groups jobs, for the order and the limits of keyed queues.") var key: String?
  @Option(help: "At most one job of the queue holds this key.") var uniqueKey: String?
  @Flag(help: "The unique key is the kind with the payload.") var uniquePayload = false
  @Option(
    help: """
      How long the job holds its unique key: waiting (until a worker takes it), settled (until it has \
      ended), or a span from now such as 10m.
      """)
  var unique = UniqueScopeWord.waiting
  @Option(help: "What to do when another job holds the unique key.")
  var onConflict = UniqueConflict.keep
  @Option(
    help: "Dropped where it has not started this long from now, such as 90s, 5m or 2h.",
    transform: DurationText.argument)
  var expiresIn: Duration?
  @Option(
    help: "Dropped where it has not started by this time, as ISO 8601 with its zone.",
    transform: TimeText.argument)
  var expiresAt: Date?
  @Option(name: .customLong("tag"), help: "A word that is shown with the job; may be repeated.")
  var tags: [String] = []
  @Option(
    help: ArgumentHelp("The W3C trace context of what causes the job.", valueName: "header"))
  var traceparent: TraceContext?
  @Option(
    help: "While the queue is full, wait this long for room. Default: fail at once.",
    transform: DurationText.argument)
  var waitForRoom: Duration?

  var uniqueness: JobUniqueness? {
    if let uniqueKey { return .key(uniqueKey, until: unique.scope, onConflict: onConflict) }
    return uniquePayload ? .payload(until: unique.scope, onConflict: onConflict) : nil
  }

  var expiry: JobExpiry? {
    expiresIn.map { .after($0) } ?? expiresAt.map { .at($0) }
  }

  func validate() throws {
    if expiresIn != nil && expiresAt != nil {
      throw ValidationError("give --expires-in or --expires-at, not both")
    }
    if uniqueKey != nil && uniquePayload {
      throw ValidationError("give --unique-key or --unique-payload, not both")
    }
  }
}

/// The scope of a unique key as a word or a span of time.
struct UniqueScopeWord: ExpressibleByArgument, CustomStringConvertible {
  static let waiting = UniqueScopeWord(scope: .waiting, description: "waiting")

  let scope: JobUniqueness.Scope
  let description: String

  private init(scope: JobUniqueness.Scope, description: String) {
    self.scope = scope
    self.description = description
  }

  init?(argument: String) {
    switch argument {
    case "waiting": self = .waiting
    case "settled": self.init(scope: .settled, description: argument)
    default:
      guard let span = DurationText.parse(argument) else { return nil }
      self.init(scope: .window(span), description: argument)
    }
  }
}
