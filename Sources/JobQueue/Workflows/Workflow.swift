/// The plan of a workflow: jobs that are enqueued when the jobs they wait for have ended, waits for
/// signals, and batches. `JobQueue.start` puts it into the database.
///
///     var award = Workflow("award 2026")
///     let score = award.job("score", RecalculateScore(period: 7))
///     let report = award.job("report", RenderReport(period: 7), after: [score])
///     award.job("cleanup", RemoveDrafts(period: 7), after: [report.settled])
///     let id = try await queue.start(award)
public struct Workflow: Sendable {
  /// What becomes of steps that wait for the success of a step that fails.
  public enum FailurePolicy: String, Sendable, Hashable, CaseIterable {
    /// They are cancelled, and what waits for them.
    case cancelDependents = "cancel"
    /// They run all the same.
    case `continue`
  }

  /// 1 to 200 bytes; many workflows may have the same.
  public let name: String
  /// Default: `.cancelDependents`.
  public let onFailure: FailurePolicy
  private(set) var steps: [PlannedStep] = []

  public init(_ name: String, onFailure: FailurePolicy = .cancelDependents) {
    self.name = name
    self.onFailure = onFailure
  }

  /// A workflow in which each job waits for the success of the one before it. Its steps are named 1,
  /// 2, 3 …
  public static func chain(_ name: String, _ jobs: [any JobPayload]) -> Workflow {
    var workflow = Workflow(name)
    var last: [WorkflowStep] = []
    for (place, job) in jobs.enumerated() {
      last = [workflow.job("\(place + 1)", job, after: last)]
    }
    return workflow
  }

  /// Adds a job.
  ///
  /// - Parameters:
  ///   - name: unique in the workflow, 1 to 200 bytes.
  ///   - after: what it waits for; empty: it is enqueued when the workflow starts.
  ///   - before: steps that are in the database already, have not started, and shall wait for this
  ///     one too; only in plans for `JobQueue.addSteps`.
  ///   - queue: instead of the queue of the kind's options.
  ///   - priority: instead of the priority of the kind's options.
  ///   - delay: how long after the last step it waits for has ended.
  /// - Returns: what later steps wait for.
  @discardableResult
  public mutating func job(
    _ name: String, _ job: any JobPayload, after: [WorkflowStep] = [], before: [WorkflowStep] = [],
    queue: String? = nil, priority: JobPriority? = nil, delay: Duration? = nil
  ) -> WorkflowStep {
    let options = type(of: job).options
    let planned = PlannedJob(
      job: job, queue: queue ?? options.queue, priority: priority ?? options.priority, delay: delay)
    return add(PlannedStep(name: name, after: after, before: before, task: .job(planned)))
  }

  /// Adds a wait for a signal to this workflow (`JobQueue.sendSignal`). It uses no slot of a worker.
  /// A signal that was sent before is taken at once; each is taken by one step.
  ///
  /// - Parameters:
  ///   - deadline: how long to wait, from when the last step it waits for has ended; checked about
  ///     once a second. Nil: for ever.
  ///   - atDeadline: what then. Default: `.fail`.
  @discardableResult
  public mutating func wait(
    _ name: String, for signal: String, deadline: Duration? = nil, atDeadline: DeadlineRule = .fail,
    after: [WorkflowStep] = []
  ) -> WorkflowStep {
    let wait = PlannedWait(signal: signal, key: nil, deadline: deadline, atDeadline: atDeadline)
    return add(PlannedStep(name: name, after: after, task: .wait(wait)))
  }

  /// Adds a wait for an outside event (`JobQueue.sendEvent`), which knows its own name and key and not
  /// the workflow. Otherwise as a wait for a signal.
  @discardableResult
  public mutating func wait(
    _ name: String, forEvent event: String, key: String, deadline: Duration? = nil,
    atDeadline: DeadlineRule = .fail, after: [WorkflowStep] = []
  ) -> WorkflowStep {
    let wait = PlannedWait(signal: event, key: key, deadline: deadline, atDeadline: atDeadline)
    return add(PlannedStep(name: name, after: after, task: .wait(wait)))
  }

  /// Adds a batch, which ends with the last of its members (`JobQueue.addMembers`).
  @discardableResult
  public mutating func batch(
    _ name: String, _ filling: BatchFilling = .byPrecedingSteps, after: [WorkflowStep] = []
  ) -> WorkflowStep {
    add(PlannedStep(name: name, after: after, task: .batch(filling)))
  }

  private mutating func add(_ step: PlannedStep) -> WorkflowStep {
    steps.append(step)
    return WorkflowStep(step.name)
  }
}

/// A step as others wait for it: for its success, unless said otherwise.
public struct WorkflowStep: Sendable, Hashable, ExpressibleByStringLiteral {
  enum Condition: String, Sendable, Hashable {
    case succeeded, settled, failed
  }

  public let name: String
  let condition: Condition?

  /// A step of the workflow by its name, such as one that is in the database already.
  public init(_ name: String) { self.init(name, nil) }

  public init(stringLiteral name: String) { self.init(name) }

  private init(_ name: String, _ condition: Condition?) {
    self.name = name
    self.condition = condition
  }

  /// Its success, also where the workflow's policy is `.continue`.
  public var succeeded: WorkflowStep { WorkflowStep(name, .succeeded) }

  /// Its end, however it ends.
  public var settled: WorkflowStep { WorkflowStep(name, .settled) }

  /// Its failure: dead, discarded or expired; of a batch, the failure of its first member. When
  /// there is none, the step that waits for it is skipped.
  public var failed: WorkflowStep { WorkflowStep(name, .failed) }
}

/// What a wait does when its signal has not come in time.
public enum DeadlineRule: String, Sendable, Hashable, CaseIterable {
  /// The step expires, which is a failure.
  case fail
  /// The step succeeds with the result null.
  case `continue`
}

/// When a batch has all its members.
public enum BatchFilling: String, Sendable, Hashable, CaseIterable {
  /// When the steps that it waits for have ended: those add them.
  case byPrecedingSteps = "filled"
  /// After `JobQueue.sealBatch`.
  case untilSealed = "open"
}
