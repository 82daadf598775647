import JobQueue

/// A job that is settled by its worker: takes a while, and fails at its first attempt if so asked.
struct Step: JobPayload {
  static let kind = "step"
  static let options = JobOptions(
    queue: "steps", maxAttempts: 10, backoff: .constant(.milliseconds(300)))
  var milliseconds: Int
  var fails: Bool?
  /// Makes some claims larger than what a socket takes.
  var padding: String?
}

/// A job that leaves its effect in the transaction that settles it.
struct Pay: JobPayload {
  static let kind = "pay"
  static let options = JobOptions(
    queue: "pays", maxAttempts: 100, backoff: .constant(.milliseconds(300)))
  var milliseconds: Int
}

struct StepFailed: Error {}

/// The queues of a run.
enum ChaosQueue {
  static let names = ["steps", "pays"]
}
