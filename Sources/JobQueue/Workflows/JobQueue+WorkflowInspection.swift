import Foundation
import LibpqClient

extension JobQueue {
  /// All that is known of one workflow; nil when nothing is.
  public func workflow(_ id: Int64) async throws -> WorkflowStory? {
    let json = try await run("select \(sql("workflow_story"))($1)", [id])[0, 0].decode(
      JSONText?.self)
    return try json.map { try WorkflowStory(json: $0.text) }
  }

  /// Workflows, newest first.
  ///
  /// - Parameters:
  ///   - state: nil: any.
  ///   - name: nil: any.
  ///   - before: only those with a smaller id: the last id of one page gives the next page.
  ///   - limit: most workflows to return, at most 1,000. Default: 50.
  public func workflows(
    state: WorkflowState? = nil, name: String? = nil, before: Int64? = nil, limit: Int = 50
  ) async throws -> [WorkflowSummary] {
    try await run(
      "select * from \(sql("find_workflows"))($1, $2, $3, $4)",
      [state?.rawValue, name, before, Int32(clamping: limit)]
    ).map { try WorkflowSummary($0) }
  }
}

extension WorkflowSummary {
  init(_ row: SQLRow) throws {
    let word = try row["state"].decode(String.self)
    guard let state = WorkflowState(rawValue: word) else {
      throw DatabaseError.decoding("expected a workflow's state, got: \(word)")
    }
    self.init(
      id: try row["id"].decode(), name: try row["name"].decode(), state: state,
      steps: try row["steps"].decode(Int.self),
      stepsLeft: Int(try row["steps_left"].decode(Int32.self)),
      failed: try row["failed"].decode(Int.self), createdAt: try row["created_at"].decode(),
      endedAt: try row["ended_at"].decode())
  }
}
