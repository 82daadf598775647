import Foundation
import JobQueue
import LibpqClient

/// A job for the child process, with all that running it there takes.
struct SuspectJob: Sendable, Codable {
  var lane: Int32
  var seq: Int64
  var id: Int64
  var attempt: Int
  var crashes: Int
  /// As the server sent it.
  var enqueuedAt: Int64
  /// As it is stored, with its version.
  var kind: String
  var queue: String
  var payload: String
  var meta: String?
  var schema: String
  var conninfo: String
  var searchPath: String?
  var connections: Int
}

/// From the worker to the child.
enum ChildOrder: Sendable, Codable {
  case run(SuspectJob)
  /// The job should end.
  case stop
  case answer(Int, ChildAnswer)
}

/// From the child to the worker.
enum ChildReport: Sendable, Codable {
  /// Nil: success without a result. `isDecided`: the handler has said so itself, by a `JobControl`.
  case ended(JobOutcome?, isDecided: Bool)
  case progress(fraction: Double?, note: String?)
  case ask(Int, ChildQuestion)
}

/// What the handler of a job in the child wants of its worker.
enum ChildQuestion: Sendable, Codable {
  case beginCommit
  case endCommit(CommitFate)
  case decide(WorkerIdentity)
  case saveCheckpoint(String)
  case loadCheckpoint
}

enum ChildAnswer: Sendable, Codable {
  case done
  case worker(WorkerIdentity)
  case fate(CommitFate)
  case value(String?)
  case refused(ChildRefusal)
}

/// An error on its way from the worker to the child.
struct ChildRefusal: Error, Sendable, Codable, CustomStringConvertible {
  enum Sort: String, Sendable, Codable { case settled, refused, other }

  var sort: Sort
  var text: String

  init(_ error: any Error) {
    switch error {
    case JobTransactionError.alreadySettled: (sort, text) = (.settled, "")
    case JobTransactionError.refused(let why): (sort, text) = (.refused, why)
    default: (sort, text) = (.other, "\(error)")
    }
  }

  /// What the handler sees.
  var error: any Error {
    switch sort {
    case .settled: JobTransactionError.alreadySettled
    case .refused: JobTransactionError.refused(text)
    case .other: self
    }
  }

  var description: String { text }
}
