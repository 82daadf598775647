import Foundation
import JobWorker
import LibpqClient
public import Logging

/// What a process of workers is to do. It comes on standard input, because a connection string may hold a
/// password.
struct WorkerOrder: Codable {
  private let conninfo: String
  private let pooler: String?
  private let database: String
  private let queues: [String]
  private let workers: Int
  private let slots: Int
  private let batch: Int
  private let payload: String
  private let batchHandler: Bool

  init(_ stage: Stage) {
    conninfo = stage.scratch.configuration.conninfo
    pooler = stage.pooler?.conninfo
    database = stage.scratch.name
    queues = stage.queues
    workers = stage.settings.workers
    slots = stage.settings.slots
    batch = stage.settings.batch
    payload = stage.settings.payload.rawValue
    batchHandler = stage.settings.batchHandler
  }

  /// Not yet started.
  func makeWorkers(logger: Logger) -> [Worker] {
    var settings = BenchmarkSettings()
    settings.workers = workers
    settings.slots = slots
    settings.batch = batch
    settings.payload = .init(rawValue: payload) ?? .typed
    settings.batchHandler = batchHandler
    return OngWorkers.make(
      settings, queues: queues, schema: database, server: configuration(conninfo),
      pooler: pooler.map { pooler in
        var configuration = configuration(pooler)
        configuration.pooling = .transaction
        return configuration
      }, registry: OngWorkers.registry(settings) { _, _ in }, logger: logger)
  }

  private func configuration(_ conninfo: String) -> ConnectionConfiguration {
    var configuration = ConnectionConfiguration(conninfo)
    configuration.database = database
    return configuration
  }
}

/// The program of a process of workers that `ong bench --processes` starts.
public enum BenchmarkWorkers {
  /// Works as the first line of standard input says, until that ends. Writes the number of jobs that have
  /// succeeded to the beginning of standard output.
  ///
  /// Throws what cannot be decoded, and what `Worker.run` throws.
  public static func serve(logger: Logger) async throws {
    guard let line = readLine() else { return }
    let order = try JSONDecoder().decode(WorkerOrder.self, from: Data(line.utf8))
    let workers = order.makeWorkers(logger: logger)
    Thread.detachNewThread {
      while readLine() != nil {}
      for worker in workers { worker.shutDown() }
    }
    try await withThrowingTaskGroup(of: Void.self) { group in
      for worker in workers { group.addTask { try await worker.run() } }
      let telling = Task { await tell(workers) }
      try await group.waitForAll()
      telling.cancel()
    }
  }

  private static func tell(_ workers: [Worker]) async {
    var told = 0
    while !Task.isCancelled {
      var count = workers.reduce(0) { $0 + $1.totals.succeeded }
      if count != told {
        pwrite(STDOUT_FILENO, &count, MemoryLayout<Int>.size, 0)
        told = count
      }
      try? await Task.sleep(for: .milliseconds(2))
    }
  }
}
