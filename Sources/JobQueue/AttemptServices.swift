package import LibpqClient

/// What a worker does for the handler of one attempt, behind `JobContext`.
package protocol AttemptServices: Sendable {
  /// See `JobContext.transaction`.
  func transaction<T>(
    on pool: ConnectionPool?, _ body: (Connection) async throws -> T
  ) async throws -> T
  func report(fraction: Double?, note: String?)
  /// Keeps the checkpoint's JSON durably.
  func saveCheckpoint(_ json: String) async throws
  /// The newest checkpoint of the job, as JSON.
  func loadCheckpoint() async throws -> String?
}

/// Why a job could not be settled by its own transaction. Nothing of the transaction was committed,
/// except where `outcomeUnknown` says so.
public enum JobTransactionError: Error, Sendable, Hashable {
  /// The job is no longer this attempt's: it has timed out, or the worker was declared dead and the
  /// job given to others. The text is the server's, where it was the one to refuse.
  case refused(String)
  /// A transaction of this attempt has settled the job before.
  case alreadySettled
  /// The connection broke and the server does not have the transaction.
  case notCommitted
  /// The connection broke, and the job belongs to others by now. Either this transaction was
  /// committed, and the job will not run again, or it was not, and the job runs elsewhere.
  case outcomeUnknown
  /// The kind has a result: the body of its transaction must return it.
  case resultExpected(String)
  /// There is no worker behind this context, such as in a test that made it by itself.
  case noWorker
}

extension JobTransactionError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .refused(let why): "the job is not this attempt's any more, nothing was committed: \(why)"
    case .alreadySettled: "the job was settled by an earlier transaction, nothing was committed"
    case .notCommitted: "the connection broke before the transaction was committed"
    case .outcomeUnknown: "the connection broke during the commit, and the job belongs to others"
    case .resultExpected(let type):
      "expected the transaction's body to return the job's result, a \(type); nothing was committed"
    case .noWorker: "this context belongs to no worker"
    }
  }
}
