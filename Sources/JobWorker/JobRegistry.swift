import Foundation
public import JobQueue

/// The kinds of job that a worker can run, each with its handler.
public struct JobRegistry: Sendable {
  /// By the kind as it is stored: each version that can be read has its entry.
  package private(set) var kinds: [String: RegisteredKind] = [:]
  private var middleware: [JobMiddleware] = []
  let cipher: (any PayloadCipher)?
  /// By name, in the order of declaration.
  package private(set) var schedules: [Schedule] = []

  /// - Parameter cipher: opens encrypted payloads. Default: none; jobs with such a payload fail then,
  ///   and are tried again like other failures.
  public init(cipher: (any PayloadCipher)? = nil) { self.cipher = cipher }

  /// Registers a job type that carries its handler. Registering a kind twice is a mistake of the
  /// program and ends it.
  public mutating func register<J: Job>(_ type: J.Type) where J.Output == Void {
    add(type, .none) { reader in
      { json, context in
        try await json.read(with: reader, queue: context.queue).run(in: context)
        return nil
      }
    }
  }

  /// The same for a job type whose handler returns a result, which is kept: see `JobQueue.result`.
  public mutating func register<J: Job>(_ type: J.Type) where J.Output: Codable {
    add(type, .of(J.Output.self)) { reader in
      { json, context in
        let job = try json.read(with: reader, queue: context.queue)
        return try ResultCoding.encode(try await job.run(in: context))
      }
    }
  }

  /// Registers a handler that stands apart from its payload, such as one that holds services.
  public mutating func register<Payload: JobPayload>(
    _ type: Payload.Type,
    handler: @escaping @Sendable (Payload, JobContext) async throws -> Void
  ) {
    add(type, .none) { reader in
      { json, context in
        try await handler(try json.read(with: reader, queue: context.queue), context)
        return nil
      }
    }
  }

  /// The same for a handler that returns a result, which is kept: see `JobQueue.result`.
  public mutating func register<Payload: JobPayload, Output: Codable & Sendable>(
    _ type: Payload.Type,
    handler: @escaping @Sendable (Payload, JobContext) async throws -> Output
  ) {
    add(type, .of(Output.self)) { reader in
      { json, context in
        let payload = try json.read(with: reader, queue: context.queue)
        return try ResultCoding.encode(try await handler(payload, context))
      }
    }
  }

  /// Declares a schedule. Each worker with this registry puts it when it starts, and makes its queue
  /// where that is missing. What an operator changes at run time, a pause included, stays until the
  /// program declares something else. A schedule that is taken out of the program stays in the
  /// database, because other versions of the program may still run: delete it there.
  ///
  /// A payload that is encrypted counts as the same as long as its key has the same name.
  /// Declaring a name twice is a mistake of the program and ends it.
  public mutating func schedule(_ schedule: Schedule) {
    precondition(
      !schedules.contains { $0.name == schedule.name },
      "expected schedule \(schedule.name) once, got: a second declaration")
    schedules.append(schedule)
  }

  mutating func addBatch<Payload: JobPayload>(
    _ type: Payload.Type, limit: Int, wait: Duration,
    handler: @escaping @Sendable ([BatchedJob<Payload>]) async throws -> [BatchOutcome]
  ) {
    addVersions(of: type) { reader in
      RegisteredKind(
        stored: reader.storedKind, options: type.options, execution: type.execution,
        check: { json, queue in _ = try reader.read(json, queue: queue) },
        batch: BatchHandling(limit: limit, wait: wait, reader: reader, handler: handler))
    }
  }

  /// How many jobs a slot of the queue may run in one call.
  func jobsPerCall(in queue: String) -> Int {
    kinds.values.filter { $0.options.queue == queue }.compactMap { $0.batch?.limit }.max() ?? 1
  }

  /// - Parameter run: reads the payload and calls the handler, in one function: each more on the way
  ///   would have the job's task ask anew where it is to run.
  private mutating func add<Payload: JobPayload>(
    _ type: Payload.Type, _ result: ResultCoding,
    run: (PayloadReader<Payload>) -> HandlerCall
  ) {
    addVersions(of: type) { reader in
      RegisteredKind(
        stored: reader.storedKind, options: type.options, execution: type.execution,
        result: result,
        check: { json, queue in _ = try reader.read(json, queue: queue) },
        run: run(reader))
    }
  }

  /// Each version that the type can be read from becomes a kind.
  private mutating func addVersions<Payload: JobPayload>(
    of type: Payload.Type, _ kind: (PayloadReader<Payload>) -> RegisteredKind
  ) {
    type.checkVersions()
    for version in type.readableVersions {
      add(kind(PayloadReader(type, version: version, cipher: cipher)))
    }
  }

  mutating func add(_ kind: RegisteredKind) {
    let name = kind.stored.description
    precondition(kinds[name] == nil, "expected kind \(name) once, got: a second handler")
    kinds[name] = kind
  }
}

/// Something around each call of a handler: see `JobRegistry.use`.
public typealias JobMiddleware =
  @Sendable (JobContext, _ next: () async throws -> Void) async throws -> Void

extension JobRegistry {
  /// Runs `middleware` around each call of each handler of this registry, whenever it was
  /// registered: what is used first is outermost. `next` runs what lies inside, the handler last; its
  /// errors come out of it, and what the middleware throws counts as the handler's error. A
  /// middleware that does not call `next` has the job succeed without a result.
  ///
  /// It sees the job after its payload was claimed and before it is decoded. A registry without any
  /// costs nothing.
  public mutating func use(_ middleware: @escaping JobMiddleware) {
    self.middleware.append(middleware)
  }

  /// The kinds with the middleware around them.
  var runnable: [String: RegisteredKind] {
    middleware.isEmpty ? kinds : kinds.mapValues { $0.within(middleware) }
  }
}

/// Calls a handler and answers its result as JSON; nil: it has none. Goes on where its caller runs, as
/// `SlotLoop` says.
typealias HandlerCall =
  nonisolated(nonsending) @Sendable (PayloadBytes, JobContext) async throws -> String?

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
  /// Throws for a payload that would not decode.
  let check: @Sendable (Data, _ queue: String) throws -> Void
  /// Answers the handler's result as JSON; nil: it has none.
  let run: HandlerCall
  let result: ResultCoding
  /// Of a kind whose handler takes many jobs in one call; `run` gives it one.
  let batch: BatchHandling?

  convenience init(
    stored: StoredKind, options: JobOptions, execution: JobExecution,
    check: @escaping @Sendable (Data, _ queue: String) throws -> Void, batch: BatchHandling
  ) {
    self.init(
      stored: stored, options: options, execution: execution, result: .none, batch: batch,
      check: check,
      run: { payload, context in
        try await batch.run([.init(payload: payload, context: context)])[0].get()
      })
  }

  init(
    stored: StoredKind, options: JobOptions, execution: JobExecution,
    result: ResultCoding, batch: BatchHandling? = nil,
    check: @escaping @Sendable (Data, _ queue: String) throws -> Void,
    run: @escaping HandlerCall
  ) {
    self.stored = stored
    self.nameBytes = Array(stored.description.utf8)
    self.options = options
    self.execution = execution
    self.timeout = options.timeout?.wholeNanoseconds ?? .max
    self.result = result
    self.check = check
    self.batch = batch
    self.run = run
  }
}

extension RegisteredKind {
  fileprivate func within(_ middleware: [JobMiddleware]) -> RegisteredKind {
    if let batch {
      return RegisteredKind(
        stored: stored, options: options, execution: execution, check: check,
        batch: batch.within(middleware))
    }
    let wrapped = middleware.reversed().reduce(run) { inner, middleware in
      { json, context in
        var result: String?
        try await middleware(context) { result = try await inner(json, context) }
        return result
      }
    }
    return RegisteredKind(
      stored: stored, options: options, execution: execution, result: result, check: check,
      run: wrapped)
  }
}
