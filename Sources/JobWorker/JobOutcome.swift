import JobQueue

/// What became of one attempt, as the SQL function `settle` takes it. Success without a result is not
/// among them: it needs no words.
struct JobOutcome: Sendable, Hashable, Codable {
  enum Kind: String, Sendable, Codable {
    case crash, succeed, retry, snooze, park, dead, discard, cancel, expire
    case handBack = "hand_back"
  }

  var kind: Kind
  var delay: Duration?
  var error: String?
  /// What the handler returned, as JSON.
  var result: String?

  /// Longest error text that is kept, in bytes of UTF-8.
  static let longestError = 8192

  static func park(kind: String) -> JobOutcome {
    JobOutcome(kind: .park, error: "no handler here knows the kind \(kind)")
  }

  static func succeed(_ result: String) -> JobOutcome {
    JobOutcome(kind: .succeed, result: result)
  }

  /// The attempt is refunded; the reason is kept in the job's story.
  static func handBack(_ reason: String) -> JobOutcome {
    JobOutcome(kind: .handBack, error: reason)
  }

  static let cancelled = JobOutcome(kind: .cancel)
  static let expired = JobOutcome(kind: .expire, error: "when a worker came to it")
}

/// Why a running job was asked to end.
enum StopReason: UInt8, Sendable {
  case none = 0
  case timeout
  /// An operator cancelled the job.
  case cancelled
  /// The worker shuts down.
  case shutdown
  /// The server has given the job to somebody else.
  case lost
}

/// The facts of a failed attempt, and the rule that makes an outcome of them.
struct Failure {
  var error: any Error
  var attempt: Int
  var options: JobOptions
  var stop: StopReason

  func outcome(using generator: inout some RandomNumberGenerator) -> JobOutcome {
    switch (error, stop) {
    case (_, .cancelled): .cancelled
    case (let told as ToldOutcome, let stop) where told.isDecided || stop == .none: told.outcome
    case (let control as JobControl, _): outcome(of: control)
    case (let crash as ChildCrashed, .none): JobOutcome(kind: .crash, error: "\(crash)")
    case (is UndecodablePayload, _), (is UnstorableResult, _):
      JobOutcome(kind: .dead, error: "\(error)")
    // Handlers report a cancellation in many words; none of them is the job's fault.
    case (_, .shutdown): .handBack("the worker shuts down")
    case (_, .lost): .handBack("the job was given to another worker")
    case (let refused as JobTransactionError, _) where refused.isOthersDoing:
      .handBack("\(refused)")
    case (is HandlerHangs, _):
      again(
        after: nil, "timed out after \(options.timeout ?? .zero), and its handler did not end",
        using: &generator)
    case (_, .timeout):
      again(after: nil, "timed out after \(options.timeout ?? .zero)", using: &generator)
    default: again(after: nil, ErrorText.describe(error), using: &generator)
    }
  }

  private func outcome(of control: JobControl) -> JobOutcome {
    var generator = SystemRandomNumberGenerator()
    switch control.kind {
    case .retry(let delay): return again(after: delay, "\(control)", using: &generator)
    case .snooze(let delay): return JobOutcome(kind: .snooze, delay: max(.zero, delay))
    case .discard(let reason):
      return JobOutcome(kind: .discard, error: ErrorText.bounded(reason))
    }
  }

  /// Another attempt, unless this was the last.
  private func again(
    after delay: Duration?, _ error: String, using generator: inout some RandomNumberGenerator
  ) -> JobOutcome {
    guard attempt < options.maxAttempts else { return JobOutcome(kind: .dead, error: error) }
    let wait = delay ?? options.backoff.delay(afterAttempt: attempt, using: &generator)
    return JobOutcome(kind: .retry, delay: max(.zero, wait), error: error)
  }
}

extension JobTransactionError {
  /// Not the job's fault: it may try again without using up an attempt.
  fileprivate var isOthersDoing: Bool {
    switch self {
    case .refused, .notCommitted, .outcomeUnknown: true
    case .alreadySettled, .resultExpected, .noWorker: false
    }
  }
}

/// Errors as they are kept with a job.
enum ErrorText {
  /// Type and description, cut to `JobOutcome.longestError`.
  static func describe(_ error: any Error) -> String {
    bounded("\(type(of: error)): \(error)")
  }

  /// Cut at a character's boundary, and without NUL, which PostgreSQL can't hold.
  static func bounded(_ text: String, to limit: Int = JobOutcome.longestError) -> String {
    let clean = text.utf8.contains(0) ? text.replacing("\0", with: "\u{FFFD}") : text
    guard clean.utf8.count > limit else { return clean }
    var end = clean.utf8.index(clean.startIndex, offsetBy: limit - 3)
    while end.samePosition(in: clean.unicodeScalars) == nil { end = clean.utf8.index(before: end) }
    return clean[..<end] + "…"
  }
}
