import Foundation
import JobQueue
import LibpqClient
import Synchronization

/// How far jobs have come. The latest report of each goes to the server with a trip of the claiming
/// connection, so that it is there before the job's end or not at all; once a second at most.
final class ProgressBoard: Sendable {
  struct Report: Sendable, Hashable {
    var key: ClaimKey
    var id: Int64
    var attempt: Int
    var fraction: Double?
    var note: String?
  }

  private struct State {
    var latest: [Int64: Report] = [:]
    var next = Moment(nanoseconds: 0)
    var signal: (@Sendable () -> Void)?
  }

  private static let pause = Duration.seconds(1)
  private static let longestNote = 500
  private let state = Mutex(State())

  func onNews(_ signal: @escaping @Sendable () -> Void) { state.withLock { $0.signal = signal } }

  func report(_ report: Report) {
    let signal = state.withLock { state in
      let isFirst = state.latest.isEmpty
      state.latest[report.id] = report
      return isFirst ? state.signal : nil
    }
    signal?()
  }

  /// When the next trip is due; nil: nothing to tell.
  var due: Moment? { state.withLock { $0.latest.isEmpty ? nil : $0.next } }

  func take(at now: Moment) -> [Report] {
    state.withLock { state in
      guard !state.latest.isEmpty, state.next <= now else { return [] }
      state.next = now + Self.pause
      defer { state.latest = [:] }
      return Array(state.latest.values)
    }
  }

  static func request(_ reports: [Report], _ sql: QueueSQL, epoch: UUID, session: Int32)
    -> PipelineRequest
  {
    let entries = reports.map {
      Entry(
        lane: $0.key.lane, seq: $0.key.seq, id: $0.id, attempt: $0.attempt, fraction: $0.fraction,
        note: $0.note.map { ErrorText.bounded($0, to: longestNote) })
    }
    let json = (try? PayloadCoding.encode(entries)) ?? "[]"
    return .query(
      "select \(sql("report_progress"))($1, $2, $3)", [epoch, session, JSONText(json)])
  }

  private struct Entry: Encodable {
    var lane: Int32
    var seq: Int64
    var id: Int64
    var attempt: Int
    var fraction: Double?
    var note: String?
  }
}
