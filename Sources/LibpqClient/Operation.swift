import Dispatch
import Synchronization

/// The handle of a submitted operation, by which it can be cancelled from anywhere, also before
/// the connection has seen it.
package final class OperationTicket: Sendable {
  private let cancelled = Atomic<Bool>(false)

  package init() {}

  package var isCancelled: Bool { cancelled.load(ordering: .acquiring) }

  func markCancelled() { cancelled.store(true, ordering: .releasing) }
}

/// What every kind of operation ends with: one outcome for each of its queries.
typealias Outcomes = [Result<QueryResult, DatabaseError>]

/// Something the connection does from start to end before it does anything else.
/// Unchecked: built by the caller, handed over once, then touched on the connection's queue only.
final class Operation: @unchecked Sendable {
  enum Work {
    case pipeline(PipelineExchange)
    /// Several statements in one string, by the simple protocol.
    case script(String)
    case copyIn(CopyIn)
  }

  /// What must hold when the operation starts; anything else is a misuse by the caller.
  enum Requirement { case none, noTransaction, transaction }

  enum CancelReason { case deadline, requested }

  var work: Work
  let ticket: OperationTicket
  let timeout: Duration
  let requirement: Requirement
  /// A pipeline that may be sent behind another such one before that is answered.
  let mayOverlap: Bool
  let completion: @Sendable (Outcomes) -> Void
  /// When it ends in a timeout, in whatever state it is then.
  var deadline: DispatchTime

  // While it runs:
  var cancelReason: CancelReason?
  /// The connection is given up if the cancel has had no effect by then.
  var graceEnd: DispatchTime = .distantFuture
  /// When to ask the server again: a request that came before the statement began has no effect.
  var nextCancel: DispatchTime = .distantFuture
  var startedOutsideTransaction = false
  var isRepeated = false
  /// The outcome of a script or COPY so far.
  var result: QueryResult?
  var failure: DatabaseError?

  init(
    _ work: Work, timeout: Duration, ticket: OperationTicket = OperationTicket(),
    requirement: Requirement = .none, mayOverlap: Bool = false,
    completion: @escaping @Sendable (Outcomes) -> Void
  ) {
    self.work = work
    self.timeout = timeout
    self.ticket = ticket
    self.requirement = requirement
    self.mayOverlap = mayOverlap
    self.completion = completion
    deadline = .now() + timeout
  }

  /// The next moment at which something about it must be done.
  var alarm: DispatchTime {
    cancelReason == nil ? deadline : min(graceEnd, nextCancel)
  }

  func finish(_ error: DatabaseError) {
    switch work {
    case .pipeline(let exchange): completion(exchange.outcomes(missing: error))
    case .script(let sql):
      var own = error
      own.sql = sql
      completion([.failure(own)])
    case .copyIn(let copy):
      var own = error
      own.sql = copy.sql
      copy.fail(own)
      completion([.failure(own)])
    }
  }
}

func + (time: DispatchTime, duration: Duration) -> DispatchTime {
  let (seconds, attoseconds) = duration.components
  // A century is forever, and keeps the sum within bounds.
  let capped = min(max(seconds, 0), 3_000_000_000)
  let nanoseconds = UInt64(capped) * 1_000_000_000 + UInt64(max(0, attoseconds) / 1_000_000_000)
  return DispatchTime(uptimeNanoseconds: time.uptimeNanoseconds + nanoseconds)
}
