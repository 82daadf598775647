public import JobQueue

/// The kinds of job that a worker can run, each with its handler.
public struct JobRegistry: Sendable {
  /// By the kind as it is stored: each version that can be read has its entry.
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
    add(type) { payload, context in
      try await handler(payload, context)
      return nil
    }
  }

  /// The same for a handler that returns a result, which is kept: see `JobQueue.result`.
  public mutating func register<Payload: JobPayload, Output: Codable & Sendable>(
    _ type: Payload.Type,
    handler: @escaping @Sendable (Payload, JobContext) async throws -> Output
  ) {
    add(type) { payload, context in
      try ResultCoding.encode(try await handler(payload, context))
    }
  }

  /// Each version that the type can be read from becomes a kind.
  private mutating func add<Payload: JobPayload>(
    _ type: Payload.Type, run: @escaping @Sendable (Payload, JobContext) async throws -> String?
  ) {
    type.checkVersions()
    for version in type.readableVersions {
      let reader = PayloadReader(type, version: version)
      let kind = RegisteredKind(
        stored: reader.storedKind, options: type.options, execution: type.execution
      ) { json, context in
        try await run(try json.read(with: reader), context)
      }
      add(kind)
    }
  }

  private mutating func add(_ kind: RegisteredKind) {
    let name = kind.stored.description
    precondition(kinds[name] == nil, "expected kind \(name) once, got: a second handler")
    kinds[name] = kind
  }
}

/// A kind with all that running it takes.
package final class RegisteredKind: Sendable {
  let stored: StoredKind
  /// Without the version, as handlers know it.
  var name: String { stored.name }
  /// The stored kind's bytes, to compare with a row of the result without making a String.
  let nameBytes: [UInt8]
  let options: JobOptions
  let execution: JobExecution
  /// `options.timeout` in nanoseconds; `Int64.max`: none.
  let timeout: Int64
  /// Answers the handler's result as JSON; nil: it has none.
  let run: @Sendable (PayloadBytes, JobContext) async throws -> String?

  init(
    stored: StoredKind, options: JobOptions, execution: JobExecution,
    run: @escaping @Sendable (PayloadBytes, JobContext) async throws -> String?
  ) {
    self.stored = stored
    self.nameBytes = Array(stored.description.utf8)
    self.options = options
    self.execution = execution
    self.timeout = options.timeout?.wholeNanoseconds ?? .max
    self.run = run
  }
}
