/// Workers of the product that work off a prefilled queue.
protocol DrainWorkers: Sendable {
  /// Starts the workers, runs `body`, and ends them.
  func running<T: Sendable>(_ body: @escaping @Sendable () async throws -> T) async throws -> T
  /// Suspends until all of them sleep, listening.
  func asleep() async throws
  /// Suspends until so many jobs have succeeded and the server has taken all results.
  func settled(_ jobs: Int) async throws
  /// What their processes have used so far beside this one.
  var elsewhere: WorkerProcesses.Usage { get }
}

extension OngWorkers: DrainWorkers {
  var elsewhere: WorkerProcesses.Usage { .none }
}
