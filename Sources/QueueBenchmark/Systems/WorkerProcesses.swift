import Foundation
import JobQueue
import LibpqClient
import PrivatePostgres

/// Workers in processes of their own, as an installation has them.
///
/// Each process gets a `WorkerOrder` on its standard input, whose end is the word to stop, and writes the
/// number of jobs that have succeeded to the beginning of its standard output, a file.
struct WorkerProcesses: DrainWorkers {
  /// What processes have used.
  struct Usage: Sendable {
    /// Seconds of CPU, all threads.
    var cpuSeconds = 0.0
    /// Most resident memory of one of them, in bytes.
    var peakMemory: Int?

    static let none = Usage()
  }

  private let stage: Stage
  private let lives: [Life]

  /// One process, from its start to its end.
  private struct Life: Sendable {
    let process: ChildProcess
    let orders: FileHandle
    let tally: FileHandle

    /// Jobs that have succeeded.
    var succeeded: Int {
      var count = 0
      _ = pread(tally.fileDescriptor, &count, MemoryLayout<Int>.size, 0)
      return count
    }
  }

  init(_ stage: Stage) throws {
    self.stage = stage
    let order = try JSONEncoder().encode(WorkerOrder(stage)) + Data("\n".utf8)
    lives = try (0..<stage.settings.processes).map { _ in
      try Self.start(stage.settings.workerProgram, with: order)
    }
  }

  private static func start(_ program: [String], with order: Data) throws -> Life {
    let name = FileManager.default.temporaryDirectory.path + "/ong-bench-\(UUID().uuidString)"
    let descriptor = open(name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw BenchmarkStalled(what: "cannot write to \(name)") }
    unlink(name)
    let tally = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
    let orders = Pipe()
    let process = try ChildProcess(
      program, input: orders.fileHandleForReading.fileDescriptor, output: descriptor,
      errors: STDERR_FILENO, environment: ProcessInfo.processInfo.environment)
    try orders.fileHandleForReading.close()
    try orders.fileHandleForWriting.write(contentsOf: order)
    return Life(process: process, orders: orders.fileHandleForWriting, tally: tally)
  }

  func running<T: Sendable>(_ body: @escaping @Sendable () async throws -> T) async throws -> T {
    do {
      let value = try await body()
      try await end()
      return value
    } catch {
      try? await end()
      throw error
    }
  }

  private func end() async throws {
    for life in lives { try? life.orders.close() }
    for life in lives {
      let status = await life.process.waitForExit(within: .seconds(60))
      if status == nil { kill(life.process.id, SIGKILL) }
      if status != 0 {
        let how = status.map { "with status \($0)" } ?? "only by SIGKILL"
        throw BenchmarkStalled(what: "worker process \(life.process.id) ended \(how)")
      }
    }
  }

  func asleep() async throws {
    let workers = lives.count * stage.settings.workers
    try await patiently("the workers did not come to rest") {
      if let dead = lives.first(where: { !$0.process.isRunning }) {
        throw BenchmarkStalled(what: "worker process \(dead.process.id) has ended by itself")
      }
      return try await stage.sleepingWorkers() == workers
    }
  }

  func settled(_ jobs: Int) async throws {
    try await patiently(
      "expected \(jobs) jobs to succeed", every: .milliseconds(2), progress: { succeeded },
      until: { succeeded >= jobs })
    try await patiently("results are not taken", every: .milliseconds(2)) {
      let open = try await stage.connection.query(
        "select coalesce(sum(waiting + running), 0)::int8 from \(stage.sql("queue_status"))()")
      return try open[0, 0].decode(Int64.self) == 0
    }
  }

  private var succeeded: Int { lives.reduce(0) { $0 + $1.succeeded } }

  var elsewhere: Usage {
    lives.reduce(into: Usage()) { usage, life in
      usage.cpuSeconds += ServerProcesses.cpuSeconds(of: life.process.id)
      let peak = OwnProcess.peakMemory(of: "\(life.process.id)") ?? 0
      usage.peakMemory = max(usage.peakMemory ?? 0, peak)
    }
  }
}
