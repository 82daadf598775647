import Foundation
public import LibpqClient

extension JobQueue {
  /// Starts a workflow: stores its steps and enqueues those that wait for nothing. Committed or rolled
  /// back with the caller's transaction; without `connection` it is committed on return.
  ///
  /// - Returns: the workflow's id.
  /// - Throws: `JobQueueError` (unknown queue, a step that waits for one that is not before it …),
  ///   `EncodingError`, or `DatabaseError` when the server can't be reached.
  @discardableResult
  public func start(_ workflow: Workflow, in connection: Connection? = nil) async throws -> Int64 {
    try await run(
      "select \(sql("create_workflow"))($1, $2, $3)",
      [workflow.name, try steps(of: workflow), workflow.onFailure.rawValue], in: connection
    )[0, 0].decode(Int64.self)
  }

  /// Adds the steps of a plan to a running workflow, for example from one of its own jobs. Names that
  /// the workflow has already are left as they are, so that a job that runs again after a crash adds
  /// nothing twice. `after` and `before` may name steps that are there already.
  ///
  /// The workflow is locked until the caller's transaction ends: call it late in a long one.
  ///
  /// - Returns: how many steps are new.
  /// - Throws: as `start`; `JobQueueError.Code.jobNotFound` when the workflow does not run any more.
  @discardableResult
  public func addSteps(
    of plan: Workflow, to workflow: Int64, in connection: Connection? = nil
  ) async throws -> Int {
    try await run(
      "select \(sql("add_steps"))($1, $2, $3)::bigint",
      [workflow, try steps(of: plan), plan.onFailure.rawValue], in: connection
    )[0, 0].decode(Int.self)
  }

  /// Cancels all of a workflow that has not ended: what waits never runs, what runs is asked to end.
  ///
  /// - Returns: `.cancelled` where nothing ran, otherwise `.cancelling`.
  /// - Throws: `JobQueueError.Code.jobNotFound` for a workflow that is not known or has ended.
  @discardableResult
  public func cancelWorkflow(_ id: Int64) async throws -> WorkflowState {
    let answer = try await run("select \(sql("cancel_workflow"))($1)", [id])[0, 0]
      .decode(String.self)
    return answer == "cancelled" ? .cancelled : .cancelling
  }

  /// Runs again what did not succeed: dead, discarded, expired and cancelled steps, and what had
  /// waited for their end or failure. What has succeeded is not repeated; its results are read again.
  ///
  /// - Returns: how many steps are to run.
  /// - Throws: `JobQueueError.Code.jobNotFound` for a workflow in which there is nothing to retry.
  @discardableResult
  public func retryWorkflow(_ id: Int64) async throws -> Int {
    try await run("select \(sql("retry_workflow"))($1)::bigint", [id])[0, 0].decode(Int.self)
  }

  /// What the job's step waited for, by the steps' names: for handlers of a workflow's jobs. Empty for
  /// other jobs. One query.
  public func inputs(of job: Int64, in connection: Connection? = nil) async throws -> StepInputs {
    let rows = try await run(
      "select step, state, result::text from \(sql("step_inputs"))($1)", [job], in: connection)
    return StepInputs(
      try rows.map {
        StepInputs.Input(
          step: try $0[0].decode(), state: try $0[1].decode(), json: try $0[2].decode())
      })
  }

  private func steps(of workflow: Workflow) throws -> JSONText {
    let entries = try workflow.steps.map { try $0.json { try stored($0, in: $1) } }
    return JSONText("[" + entries.joined(separator: ",") + "]")
  }
}
