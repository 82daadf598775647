/// A step as its maker describes it, before it is in the database.
struct PlannedStep: Sendable {
  enum Task: Sendable {
    case job(PlannedJob)
    case wait(PlannedWait)
    case batch(BatchFilling)
  }

  var name: String
  var after: [WorkflowStep] = []
  var before: [WorkflowStep] = []
  var task: Task

  /// The step as the SQL function `create_workflow` takes it.
  ///
  /// - Parameter encode: makes the JSON that is stored of a payload in a queue.
  func json(_ encode: (_ job: any JobPayload, _ queue: String) throws -> String) throws -> String {
    var entry = Entry(
      name: name, after: after.map { Entry.Edge(step: $0.name, when: $0.condition?.rawValue) },
      before: before.isEmpty ? nil : before.map(\.name))
    var payload: String?
    switch task {
    case .job(let job):
      entry.kind = type(of: job.job).storedKind.description
      entry.queue = job.queue
      entry.priority = job.priority.rawValue
      entry.delay = job.delay?.inMilliseconds
      payload = try encode(job.job, job.queue)
    case .wait(let wait):
      entry.signal = wait.signal
      entry.eventKey = wait.key
      entry.deadline = wait.deadline?.inMilliseconds
      entry.onDeadline = wait.atDeadline.rawValue
    case .batch(let filling):
      entry.batch = filling.rawValue
    }
    let json = try PayloadCoding.encode(entry)
    guard let payload else { return json }
    // The payload's text is kept as it is.
    return json.dropLast() + #","payload":"# + payload + "}"
  }

  private struct Entry: Encodable {
    struct Edge: Encodable {
      var step: String
      var when: String?
    }

    var name: String
    var after: [Edge]
    var before: [String]?
    var kind: String?
    var queue: String?
    var priority: Int16?
    var delay: Int64?
    var signal: String?
    var eventKey: String?
    var deadline: Int64?
    var onDeadline: String?
    var batch: String?

    enum CodingKeys: String, CodingKey {
      case name, after, before, kind, queue, priority, signal, batch
      case delay = "delay_ms"
      case eventKey = "event_key"
      case deadline = "deadline_ms"
      case onDeadline = "on_deadline"
    }
  }
}

struct PlannedJob: Sendable {
  var job: any JobPayload
  var queue: String
  var priority: JobPriority
  var delay: Duration?
}

struct PlannedWait: Sendable {
  var signal: String
  var key: String?
  var deadline: Duration?
  var atDeadline: DeadlineRule
}
