import Foundation
import LibpqClient

/// Verbs of workflows for scripted sessions.
extension Session {
  func createWorkflow(_ steps: String, onDead: String = "cancel") async throws -> Int64 {
    try await value("select create_workflow('w', $1, $2)", [JSONText(steps), onDead])
  }

  /// Claims everything and settles it. Returns the steps whose jobs those were, `-` for other jobs.
  ///
  /// - Parameter outcomes: by step; the others succeed.
  @discardableResult
  func work(
    _ epoch: UUID, queue: String = "q", outcomes: [String: String] = [:]
  ) async throws -> [String] {
    let claims = try await connection.query(
      """
      select lane, seq, array_agg(id), array_agg(coalesce(meta ->> 'step', '-'))
      from claim($1, 1, $2, 1000) group by lane, seq
      """, [epoch, queue])
    var done: [String] = []
    for claim in claims {
      let ids = try claim[2].decode([Int64].self)
      let steps = try claim[3].decode([String].self)
      let notes = zip(ids, steps).compactMap { id, step in
        outcomes[step].map { #"{"id": \#(id), "outcome": "\#($0)", "error": "e"}"# }
      }
      let json: JSONText? =
        notes.isEmpty ? nil : JSONText("[" + notes.joined(separator: ",") + "]")
      try await connection.query(
        "select settle($1, 1, $2, $3, $4, true, $5)",
        [epoch, try claim[0].decode(Int32.self), try claim[1].decode(Int64.self), ids, json])
      done += steps
    }
    return done.sorted()
  }

  func workflowState(_ id: Int64) async throws -> String {
    try await value("select state from workflow where id = $1", [id])
  }

  /// Step and state, such as `["a succeeded", "b waiting"]`, in the order in which they were made.
  func steps(of id: Int64) async throws -> [String] {
    try await connection.query(
      "select name || ' ' || state from step where workflow = $1 order by id", [id]
    ).map { try $0[0].decode(String.self) }
  }
}
