import Foundation
import JobQueue
import LibpqClient

/// One call of the SQL function `settle`: results of one claim.
struct Settlement: Sendable, Hashable {
  /// A job of which there is more to say than that it has succeeded.
  struct Note: Sendable, Hashable {
    var id: Int64
    var outcome: JobOutcome

    init(id: Int64, _ outcome: JobOutcome) {
      self.id = id
      self.outcome = outcome
    }
  }

  var key: ClaimKey
  /// The jobs that are settled.
  var ids: [Int64]
  /// They are all of the claim, so that the server needs no list.
  var isWhole: Bool
  /// Nothing of the claim is left open.
  var isFinal: Bool
  var notes: [Note]
  /// How often the server has refused it for a reason that may pass.
  var refusals = 0
  /// How often the server has said that its jobs are not this worker's to settle.
  var doubts = 0

  /// Gives back jobs of a claim whose answer never reached us.
  static func handingBack(_ ids: Set<Int64>, of key: ClaimKey) -> Settlement {
    let lost = JobOutcome(kind: .handBack, error: "the claim's answer was lost")
    return Settlement(
      key: key, ids: ids.sorted(), isWhole: false, isFinal: true,
      notes: ids.sorted().map { Note(id: $0, lost) })
  }

  /// - Parameter from: what else the statement does.
  func request(
    _ sql: QueueSQL, epoch: UUID, session: Int32, from: String = ""
  ) -> PipelineRequest {
    .query(
      "select \(sql("settle"))($1, $2, $3, $4, $5, $6, $7)" + from,
      [
        epoch, session, key.lane, key.seq, isWhole ? nil : ids as [Int64]?, isFinal,
        notes.isEmpty ? nil : JSONText(outcomes) as JSONText?,
      ])
  }

  private var outcomes: String {
    "[" + notes.map(json).joined(separator: ",") + "]"
  }

  private func json(_ note: Note) -> String {
    if let result = note.outcome.result {
      return #"{"id":\#(note.id),"outcome":"succeed","result":\#(result)}"#
    }
    let entry = Entry(
      id: note.id, outcome: note.outcome.kind.rawValue, delay: note.outcome.delay?.inMilliseconds,
      error: note.outcome.error)
    // Numbers and strings without NUL always encode.
    return (try? PayloadCoding.encode(entry)) ?? "null"
  }

  private struct Entry: Encodable {
    var id: Int64
    var outcome: String
    /// Milliseconds.
    var delay: Int64?
    var error: String?

    enum CodingKeys: String, CodingKey {
      case id, outcome, error
      case delay = "delay_ms"
    }
  }
}
