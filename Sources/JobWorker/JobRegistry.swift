public import JobQueue

/// The kinds of job that a worker can run, each with its handler.
public struct JobRegistry: Sendable {
  package private(set) var kinds: [String: RegisteredKind] = [:]

  public init() {}

  /// Registers a job type that carries its handler. Registering a kind twice is a mistake of the
  /// program and ends it.
  public mutating func register<J: Job>(_ type: J.Type) where J.Output == Void {
    register(type) { job, context in try await job.run(in: context) }
  }

  /// The same for a job type whose handler returns a result, which is kept: see `JobQueue.result`.
  public mutating func register<J: Job>(_ type: J.Type) where J.Output: Codable {
    register(type) { job, context in try await job.run(in: context) }
  }

  /// Registers a handler that stands apart from its payload, such as one that holds services.
  public mutating func register<Payload: JobPayload>(
    _ type: Payload.Type,
    handler: @escaping @Sendable (Payload, JobContext) async throws -> Void
  ) {
    add(type) { json, context in
      try await handler(try json.decode(Payload.self), context)
      return nil
    }
  }

  /// The same for a handler that returns a result, which is kept: see `JobQueue.result`.
  public mutating func register<Payload: JobPayload, Output: Codable & Sendable>(
    _ type: Payload.Type,
    handler: @escaping @Sendable (Payload, JobContext) async throws -> Output
  ) {
    add(type) { json, context in
      try ResultCoding.encode(try await handler(try json.decode(Payload.self), context))
    }
  }

  private mutating func add<Payload: JobPayload>(
    _ type: Payload.Type,
    run: @escaping @Sendable (PayloadBytes, JobContext) async throws -> String?
  ) {
    let kind = RegisteredKind(
      name: type.kind, options: type.options, execution: type.execution, run: run)
    precondition(kinds[kind.name] == nil, "expected kind \(kind.name) once, got: a second handler")
    kinds[kind.name] = kind
  }
}

/// A kind with all that running it takes.
package final class RegisteredKind: Sendable {
  let name: String
  /// The name's bytes, to compare with a row of the result without making a String.
  let nameBytes: [UInt8]
  let options: JobOptions
  let execution: JobExecution
  /// `options.timeout` in nanoseconds; `Int64.max`: none.
  let timeout: Int64
  /// Answers the handler's result as JSON; nil: it has none.
  let run: @Sendable (PayloadBytes, JobContext) async throws -> String?

  init(
    name: String, options: JobOptions, execution: JobExecution,
    run: @escaping @Sendable (PayloadBytes, JobContext) async throws -> String?
  ) {
    self.name = name
    self.nameBytes = Array(name.utf8)
    self.options = options
    self.execution = execution
    self.timeout = options.timeout?.wholeNanoseconds ?? .max
    self.run = run
  }
}
