import Dispatch
import JobQueue

/// Runs tasks on a Dispatch queue rather than on Swift's pool of one thread a core.
final class DispatchTaskExecutor: TaskExecutor {
  let queue: DispatchQueue

  init(_ queue: DispatchQueue) { self.queue = queue }

  func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    queue.async { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
  }

  /// A thread of its own for one slot. Serial queues with the default target each get one at once;
  /// a concurrent queue, or serial ones that target a global queue, would share one thread a core.
  static func blocking(label: String, priority: JobPriority) -> DispatchTaskExecutor {
    DispatchTaskExecutor(DispatchQueue(label: label, qos: DispatchQoS(priority)))
  }
}

/// The executors that async handlers share, one a band: about a thread a core each, so that urgent
/// jobs do not queue behind the computations of low ones.
struct BandExecutors: Sendable {
  private let bands: [DispatchTaskExecutor]

  init() {
    bands = JobPriority.allCases.map {
      DispatchTaskExecutor(
        DispatchQueue(label: "ong.async.\($0)", qos: DispatchQoS($0), attributes: .concurrent))
    }
  }

  subscript(priority: JobPriority) -> DispatchTaskExecutor { bands[Int(priority.rawValue)] }
}

extension DispatchQoS {
  init(_ priority: JobPriority) {
    switch priority {
    case .urgent: self = .userInteractive
    case .high: self = .userInitiated
    case .normal: self = .default
    case .low: self = .utility
    }
  }
}

/// The serial queue that an actor lives on.
final class QueueExecutor: SerialExecutor {
  let queue: DispatchQueue

  init(label: String) { queue = DispatchQueue(label: label) }

  func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    let executor = asUnownedSerialExecutor()
    queue.async { job.runSynchronously(on: executor) }
  }

  func checkIsolated() { dispatchPrecondition(condition: .onQueue(queue)) }
}
