public import Foundation
public import LibpqClient

/// Jobs to enqueue when something has become of a batch. Each may read the batch's counts:
/// `inputs(of: context.id).counts(ofBatch: "members")`.
public struct BatchCallbacks: Sendable {
  /// When all members have ended, however.
  public var settled: (any JobPayload)?
  /// When all members have succeeded.
  public var succeeded: (any JobPayload)?
  /// Once, when the first member is dead, discarded or expired.
  public var failed: (any JobPayload)?

  public init(
    settled: (any JobPayload)? = nil, succeeded: (any JobPayload)? = nil,
    failed: (any JobPayload)? = nil
  ) {
    self.settled = settled
    self.succeeded = succeeded
    self.failed = failed
  }

  func add(to workflow: inout Workflow) {
    let members = WorkflowStep(JobQueue.membersStep)
    if let failed { workflow.job("on failed", failed, after: [members.failed]) }
    if let settled { workflow.job("on settled", settled, after: [members.settled]) }
    if let succeeded { workflow.job("on succeeded", succeeded, after: [members.succeeded]) }
  }
}

extension JobQueue {
  /// The step of a batch's workflow that has the members.
  public static let membersStep = "members"

  /// Enqueues jobs of one kind as one batch with callbacks; all of it appears together or not at all.
  /// Payloads are encoded as they are sent, 5,000 a statement, so that memory does not grow with
  /// their number.
  ///
  /// - Returns: the id of the batch's workflow.
  /// - Throws: as `enqueue`.
  @discardableResult
  public func enqueueBatch<Jobs: Sequence & Sendable>(
    _ jobs: Jobs, name: String = "batch", callbacks: BatchCallbacks = BatchCallbacks(),
    queue: String? = nil, priority: JobPriority? = nil, in connection: Connection? = nil
  ) async throws -> Int64 where Jobs.Element: JobPayload {
    try await inTransaction(connection) { connection in
      let id = try await self.createBatch(name, callbacks: callbacks, in: connection)
      try await self.addMembers(
        jobs, to: id, queue: queue, priority: priority, in: connection)
      try await self.sealBatch(id, in: connection)
      return id
    }
  }

  /// Starts a batch that takes members until `sealBatch`.
  ///
  /// - Returns: the id of the batch's workflow; its members are those of the step "members".
  public func createBatch(
    _ name: String, callbacks: BatchCallbacks = BatchCallbacks(), in connection: Connection? = nil
  ) async throws -> Int64 {
    var workflow = Workflow(name)
    workflow.batch(Self.membersStep, .untilSealed)
    callbacks.add(to: &workflow)
    return try await start(workflow, in: connection)
  }

  /// Enqueues jobs of one kind as members of a batch that has not ended: members and the steps before
  /// it may add more. The workflow is locked until the caller's transaction ends.
  ///
  /// - Parameters:
  ///   - batch: the batch's step.
  ///   - runAt: not before this time.
  /// - Returns: how many were added.
  /// - Throws: as `enqueue`; `JobQueueError.Code.jobNotFound` when the batch has ended.
  @discardableResult
  public func addMembers<Jobs: Sequence & Sendable>(
    _ jobs: Jobs, to workflow: Int64, batch: WorkflowStep = WorkflowStep(JobQueue.membersStep),
    queue: String? = nil, priority: JobPriority? = nil, runAt: Date? = nil,
    in connection: Connection? = nil
  ) async throws -> Int where Jobs.Element: JobPayload {
    let options = Jobs.Element.options
    let name = queue ?? options.queue
    let kind = Jobs.Element.storedKind.description
    return try await inTransaction(connection) { connection in
      var count = 0
      var rest = jobs.makeIterator()
      while true {
        var payloads: [String] = []
        while payloads.count < 5000, let job = rest.next() {
          payloads.append(try self.stored(job, in: name))
        }
        if payloads.isEmpty { return count }
        count += payloads.count
        _ = try await self.run(
          "select \(self.sql("add_members"))($1, $2, $3, $4::text[]::jsonb[], $5, $6, $7)",
          [
            workflow, name, kind, payloads,
            (priority ?? options.priority).rawValue, runAt, batch.name,
          ], in: connection)
      }
    }
  }

  /// Says that an open batch has all its members: it ends with the last of them.
  public func sealBatch(
    _ workflow: Int64, batch: WorkflowStep = WorkflowStep(JobQueue.membersStep),
    in connection: Connection? = nil
  ) async throws {
    _ = try await run(
      "select \(sql("seal_batch"))($1, $2)", [workflow, batch.name], in: connection)
  }

  private func inTransaction<T: Sendable>(
    _ connection: Connection?, _ body: (Connection) async throws -> T
  ) async throws -> T {
    if let connection { return try await body(connection) }
    return try await mappingQueueErrors { try await pool.withTransaction { try await body($0) } }
  }
}
