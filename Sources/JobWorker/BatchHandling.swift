public import JobQueue

/// One of the jobs that a batch handler gets in one call.
public struct BatchedJob<Payload: JobPayload>: Sendable {
  public let payload: Payload
  public let context: JobContext
}

/// What a batch handler says of one job.
public struct BatchOutcome: Sendable {
  let result: Result<ResultValue?, any Error>

  /// A result on its way to be stored; encoded where its errors can be told.
  struct ResultValue: Sendable {
    let encode: @Sendable () throws -> String
  }

  public static let succeeded = BatchOutcome(result: .success(nil))

  /// With a result that is kept for `JobQueue.result(ofJob:as:within:)`.
  public static func succeeded(_ result: some Codable & Sendable) -> BatchOutcome {
    BatchOutcome(result: .success(ResultValue { try ResultCoding.encode(result) }))
  }

  /// As if the job's handler had thrown this: retried by the kind's policy, or as a `JobControl` says.
  public static func failed(_ error: any Error) -> BatchOutcome {
    BatchOutcome(result: .failure(error))
  }

  var stored: Result<String?, any Error> {
    switch result {
    case .success(nil): .success(nil)
    case .success(let value): Result { try value?.encode() }
    case .failure(let error): .failure(error)
    }
  }
}

/// The handler has not said what became of each job. None of them is taken as done.
public struct BatchOutcomesMissing: Error, Sendable, Hashable, CustomStringConvertible {
  public let jobs: Int
  public let outcomes: Int

  public var description: String {
    "expected the batch handler to return \(jobs) outcomes, got: \(outcomes)"
  }
}

extension JobRegistry {
  /// Registers a handler that takes many jobs of a kind in one call, such as one that inserts rows or
  /// calls a service in bulk.
  ///
  /// A slot gathers jobs that are claimed here, waits for more for at most `wait`, and calls the
  /// handler with 1 to `limit` of them. It returns one outcome for each, in the same order; what it
  /// throws counts for all. A payload that does not decode is a dead letter by itself and not among
  /// the jobs. The kind's timeout is for the whole call. Give such kinds a queue of their own: the
  /// worker claims up to slots × `limit` jobs of it ahead.
  ///
  /// - Parameters:
  ///   - limit: most jobs of a call, 1…10,000. Default: 100.
  ///   - wait: how long the first job of a call may wait for others, 0…1 s. Default: 20 ms.
  public mutating func registerBatch<Payload: JobPayload>(
    _ type: Payload.Type, upTo limit: Int = 100, within wait: Duration = .milliseconds(20),
    handler: @escaping @Sendable ([BatchedJob<Payload>]) async throws -> [BatchOutcome]
  ) {
    precondition(1...10_000 ~= limit, "expected upTo to be 1 to 10000, got: \(limit)")
    precondition(.zero...(.seconds(1)) ~= wait, "expected within to be 0 to 1 s, got: \(wait)")
    addBatch(type, limit: limit, wait: wait, handler: handler)
  }
}

extension Array {
  /// One success for each job, for a handler that does all or throws.
  public func allSucceeded<Payload>() -> [BatchOutcome] where Element == BatchedJob<Payload> {
    [BatchOutcome](repeating: .succeeded, count: count)
  }
}

/// How a kind is handled whose handler takes many jobs in one call.
struct BatchHandling: Sendable {
  struct Item: Sendable {
    let payload: PayloadBytes
    let context: JobContext

    fileprivate func job<Payload>(
      read reader: PayloadReader<Payload>
    ) throws -> BatchedJob<Payload> {
      BatchedJob(payload: try payload.read(with: reader, queue: context.queue), context: context)
    }
  }

  typealias Outcomes = [Result<String?, any Error>]

  let limit: Int
  let wait: Duration
  let run: @Sendable ([Item]) async throws -> Outcomes

  init<Payload: JobPayload>(
    limit: Int, wait: Duration, reader: PayloadReader<Payload>,
    handler: @escaping @Sendable ([BatchedJob<Payload>]) async throws -> [BatchOutcome]
  ) {
    self.limit = limit
    self.wait = wait
    run = { items in
      var jobs: [BatchedJob<Payload>] = []
      jobs.reserveCapacity(items.count)
      var unread: [(place: Int, error: any Error)] = []
      // By place: an iterator hands out copies, each with all its references counted.
      for place in items.indices {
        do {
          jobs.append(try items[place].job(read: reader))
        } catch {
          unread.append((place, error))
        }
      }
      let told = jobs.isEmpty ? [] : try await handler(jobs)
      guard told.count == jobs.count else {
        throw BatchOutcomesMissing(jobs: jobs.count, outcomes: told.count)
      }
      var outcomes = told.map { $0.stored }
      for (place, error) in unread { outcomes.insert(.failure(error), at: place) }
      return outcomes
    }
  }

  private init(
    limit: Int, wait: Duration, run: @escaping @Sendable ([Item]) async throws -> Outcomes
  ) {
    self.limit = limit
    self.wait = wait
    self.run = run
  }

  /// Middleware is called once a call, with the context of the first job.
  func within(_ middleware: [JobMiddleware]) -> BatchHandling {
    let wrapped = middleware.reversed().reduce(run) { inner, middleware in
      { items in
        var outcomes: Outcomes = Array(repeating: .success(nil), count: items.count)
        try await middleware(items[0].context) { outcomes = try await inner(items) }
        return outcomes
      }
    }
    return BatchHandling(limit: limit, wait: wait, run: wrapped)
  }
}
