import EmulationAwards
import JobQueue
import JobWorker
import LibpqClient
import PrivatePostgres
import QueueSchema

extension CommandFailure {
  /// The one place that words an error of the floors below for the person at the terminal.
  init(explaining error: any Error) {
    switch error {
    case let failure as CommandFailure: self = failure
    case let error as JobQueueError: self.init(error)
    case let error as DatabaseError: self.init(error)
    case let error as SchemaMismatch: self.init(.schemaMismatch, "\(error)")
    case let error as PrivateServerError:
      self.init(.databaseUnreachable, error.message, advice: error.hint)
    case let error as SampleRejected:
      self.init(.usage, "the sample was not imported:\n\(error)")
    case let error as WorkerConfigurationError: self.init(.usage, "\(error)")
    case let error as EmulationError: self.init(.refused, "\(error)")
    case let error as AccountError: self.init(error)
    default: self.init(.failure, "\(error)")
    }
  }

  private init(_ error: JobQueueError) {
    let status: ExitStatus =
      switch error.code {
      case .unknownQueue: .notFound
      case .jobNotFound: error.message.hasSuffix("is not known") ? .notFound : .refused
      case .badArgument, .payloadTooLarge, .invalidPayload: .usage
      case .uniqueConflict: .refused
      default: .failure
      }
    let message = [error.message, error.detail].compactMap { $0 }.joined(separator: ": ")
    self.init(status, message, advice: error.hint)
  }

  private init(_ error: AccountError) {
    let status: ExitStatus =
      switch error.code {
      case .unknownAccount, .unknownUnitOrBloc: .notFound
      case .nameTaken, .lastAccount: .refused
      }
    self.init(status, error.message, advice: error.hint)
  }

  private init(_ error: DatabaseError) {
    switch (error.kind, error.sqlState) {
    case (.connection, _), (.timeout, _):
      self.init(.databaseUnreachable, error.message, advice: error.hint)
    case (_, "3F000"?), (_, "42P01"?), (_, "42883"?):  // no such schema, relation or function
      self.init(.schemaMismatch, error.message, advice: "install the schema: ong migrate up")
    case (_, "42501"?):
      self.init(
        .failure, error.message,
        advice: "connect as a user with the role that this command needs, see docs/operations.md")
    default:
      self.init(.failure, error.message, advice: error.hint)
    }
  }
}
