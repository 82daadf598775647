package import JobQueue
import Logging

/// `award.notify`: delivers one notice, once.
package struct SendNotice: JobPayload {
  package static let kind = "award.notify"
  package static let options = JobOptions(
    queue: EmulationQueue.notices, maxAttempts: 12, timeout: .seconds(120))
  /// Talking to a mail server blocks its thread.
  package static let execution = JobExecution.blocking

  package var notice: Int64

  package init(notice: Int64) { self.notice = notice }

  package func run(
    _ store: EmulationStore, _ transport: any NoticeTransport, _ context: JobContext
  ) async throws {
    switch try await store.beginDelivery(of: notice, isIdempotent: transport.isIdempotent) {
    case .nothing(let state):
      context.logger.info("notice \(notice) is \(state.rawValue); nothing to send")
    case .deliver(let message, let attempt):
      let end = await Self.deliver(message, by: transport, isLastAttempt: context.isLastAttempt)
      let isRecorded = try await store.endDelivery(
        of: notice, attempt: attempt, end.state, reply: end.reply)
      if !isRecorded {
        context.logger.warning(
          "notice \(notice): delivery \(attempt) ended as \(end.state.rawValue) after it was given up"
        )
      }
      if let error = end.error { throw error }
    }
  }

  /// How a delivery ended: the notice's next state, and the error if the job is to fail.
  private struct End {
    let state: NoticeState
    let reply: String
    var error: (any Error)?
  }

  private static func deliver(
    _ message: NoticeMessage, by transport: any NoticeTransport, isLastAttempt: Bool
  ) async -> End {
    do {
      return End(state: .sent, reply: try await transport.deliver(message))
    } catch let error as NoticeTransportError {
      switch error.kind {
      case .temporary:
        // The last refusal makes the notice fail; an operator can have it sent again.
        return End(state: isLastAttempt ? .failed : .queued, reply: error.reason, error: error)
      case .permanent: return End(state: .failed, reply: error.reason)
      case .uncertain: return End(state: .unknown, reply: error.reason)
      }
    } catch {
      // Nobody knows how far an unforeseen error let the message get.
      guard transport.isIdempotent else { return End(state: .unknown, reply: "\(error)") }
      return End(state: isLastAttempt ? .failed : .queued, reply: "\(error)", error: error)
    }
  }
}
