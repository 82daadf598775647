public import Foundation

/// The state of a workflow.
public enum WorkflowState: String, Sendable, Hashable, Codable, CaseIterable {
  case running
  /// Cancelled, while some of its jobs still run.
  case cancelling
  case succeeded
  /// A step is dead, discarded or expired.
  case failed
  case cancelled
}

/// The state of a step.
public enum StepState: String, Sendable, Hashable, Codable, CaseIterable {
  /// For other steps.
  case waiting
  /// Its job is enqueued, it waits for its signal, or its batch has members that have not ended.
  case released
  case succeeded, dead, discarded, expired, cancelled
  /// What it waited for, mostly the failure of a step, can't come any more.
  case skipped
}

/// A workflow in a list.
public struct WorkflowSummary: Sendable, Hashable, Codable {
  public var id: Int64
  public var name: String
  public var state: WorkflowState
  public var steps: Int
  /// Those that have not ended.
  public var stepsLeft: Int
  /// Dead, discarded and expired ones.
  public var failed: Int
  public var createdAt: Date
  public var endedAt: Date?
}

/// A workflow with its steps.
public struct WorkflowStory: Sendable, Hashable, Decodable {
  /// What a step waits for, or waited for.
  public struct Edge: Sendable, Hashable, Decodable {
    public var step: String
    /// `succeeded`, `settled` or `failed`.
    public var when: String
  }

  public struct Step: Sendable, Hashable, Decodable {
    public var name: String
    /// `job`, `wait` or `batch`.
    public var type: String
    public var state: StepState
    /// The id of its job, once that is enqueued.
    public var job: Int64?
    public var kind: String?
    public var queue: String?
    public var signal: String?
    public var eventKey: String?
    /// Until when it waits for its signal.
    public var deadline: Date?
    public var releasedAt: Date?
    public var endedAt: Date?
    public var members: BatchCounts?
    public var after: [Edge]
    /// Of a waiting step: the names of the steps that have not ended.
    public var waitsFor: [String]

    enum CodingKeys: String, CodingKey {
      case name, type, state, job, kind, queue, signal, deadline, members, after
      case eventKey = "event_key"
      case releasedAt = "released_at"
      case endedAt = "ended_at"
      case waitsFor = "waits_for"
    }
  }

  public var id: Int64
  public var name: String
  public var state: WorkflowState
  public var stepsLeft: Int
  public var createdAt: Date
  public var endedAt: Date?
  /// Who started it: the database user.
  public var actor: String
  public var steps: [Step]
  /// The story as the server told it, with results and kept signals, for `--json`.
  public private(set) var json = ""

  enum CodingKeys: String, CodingKey {
    case id, name, state, actor, steps
    case stepsLeft = "steps_left"
    case createdAt = "created_at"
    case endedAt = "ended_at"
  }

  init(json: String) throws {
    self = try PayloadCoding.decode(WorkflowStory.self, from: Data(json.utf8))
    self.json = json
  }

  /// Nil where the workflow has no such step.
  public func step(_ name: String) -> Step? { steps.first { $0.name == name } }
}

/// The workflow that a job belongs to.
public struct WorkflowPlace: Sendable, Hashable, Codable {
  public var id: Int64
  public var name: String
  public var state: WorkflowState
  /// The job's step, or the batch that it is a member of.
  public var step: String
  /// Steps that wait for it.
  public var neededBy: [String]
  /// What keeps the step from running; empty once its job is enqueued.
  public var waitsFor: [String]

  enum CodingKeys: String, CodingKey {
    case id, name, state, step
    case neededBy = "needed_by"
    case waitsFor = "waits_for"
  }
}
